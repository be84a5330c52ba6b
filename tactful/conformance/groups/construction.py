"""Construction: a configuration that is wrong is refused by name, and no secret shows anywhere."""

from __future__ import annotations

from pydantic import ValidationError

from tactful.conformance.provider import Say, say
from tactful.conformance.trial import Trial, shown
from tactful.connector import Hook, NotGenuineError, TellsLater

ECHOING = (400, 401, 500)
WORDS_OF_OURS = 16


async def construction(trial: Trial) -> None:
    """Try what is made of a configuration, and what is said of its secrets."""
    config = trial.code.Config
    trial.say("it is found under its name and keeps the contract's form", seen=True)
    _wrong_settings(trial)
    secrets = trial.secrets
    short = [name for name, secret in secrets.items() if len(secret) < 8]  # noqa: PLR2004 - as `Case.config` says
    trial.say("the case's secrets are long enough to be looked for", not short, ", ".join(short))
    lookalikes = [
        name
        for name in config.model_fields
        if name not in secrets
        and any(word in name for word in ("secret", "password", "api_key", "auth_token"))
        and name in trial.case.config
    ]
    trial.say("what is called a secret is a SecretStr", not lookalikes, f"in the open: {', '.join(lookalikes)}")
    connector = trial.idle()
    text = f"{connector!r} {connector} {connector.config!r} {connector.config} {connector.__dict__!r}"
    shows = [name for name, secret in secrets.items() if secret in text]
    trial.say("no secret stands in a repr", not shows, f"shown: {', '.join(shows)}")
    await connector.aclose()
    if trial.over_http:
        await _echoes(trial)
    else:
        trial.leave_out("secrets and names that a provider echoes are masked", "it does not speak HTTP")


def _wrong_settings(trial: Trial) -> None:
    try:
        trial.connector(no_such_setting="x")
    except ValidationError as error:
        named = "no_such_setting" in str(error)
        leaks = [name for name, secret in trial.secrets.items() if secret in str(error)]
    else:
        named, leaks = False, []
    trial.say("a setting that does not exist is refused by its name", named)
    trial.say("no secret stands in what is said of a wrong configuration", not leaks, f"shown: {', '.join(leaks)}")
    required = [name for name, one in trial.code.Config.model_fields.items() if one.is_required()]
    for name in required:
        given = {key: value for key, value in trial.case.config.items() if key != name}
        try:
            trial.code.Config.model_validate(given)
        except ValidationError as error:
            trial.say(f"without {name} it is refused", any(name in one["loc"] for one in error.errors()), str(name))
        else:
            trial.say(f"without {name} it is refused", seen=False)


async def _echoes(trial: Trial) -> None:
    """See that whatever a provider throws back at us in its answers stays out of faults."""
    message = trial.case.messages[0]
    said = message.text or message.html or ""
    # Words as short as these may be the provider's own.
    private = {**trial.secrets, "the address": message.to, "the text": said if len(said) >= WORDS_OF_OURS else ""}
    words = " ".join([*private.values(), "and so it did not work"])
    leaks: set[str] = set()
    for status in ECHOING:
        answers = [say(status, words).answer]
        answers += [trial.case.saying(words)] if trial.case.saying else []
        for answer in answers:
            ended = await trial.attempt(Say(answer))
            leaks |= {name for name, value in private.items() if value and value in shown(ended)}
    trial.say("secrets and names that a provider echoes are masked", not leaks, f"shown: {', '.join(sorted(leaks))}")
    connector = trial.idle()
    if isinstance(connector, TellsLater) and trial.case.hooks:
        hook = trial.case.hooks[0].hook
        try:
            connector.verify(Hook(hook.url, {}, hook.content, hook.at))
        except NotGenuineError as error:
            leaks = {name for name, secret in trial.secrets.items() if secret in str(error)}
        trial.say("no secret stands in what is said of a hook", not leaks, f"shown: {', '.join(sorted(leaks))}")
    await connector.aclose()
