"""Templates: from the files of a strategy folder to the words of one message.

`check_templates` finds everything wrong with them, `Templates.compile` makes them ready once per version, `render`
fills them in for one customer, and `message_variables` says with what. Pure throughout: no clock, files or network.
"""

from tactful.templates.check import check_templates
from tactful.templates.errors import MissingVariable, TemplateBroken, TemplateError, TemplateTooCostly
from tactful.templates.rendering import Content, Templates
from tactful.templates.samples import sample_variables
from tactful.templates.variables import Variable, message_variables, variables_for

__all__ = [
    "Content",
    "MissingVariable",
    "TemplateBroken",
    "TemplateError",
    "TemplateTooCostly",
    "Templates",
    "Variable",
    "check_templates",
    "message_variables",
    "sample_variables",
    "variables_for",
]
