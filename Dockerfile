# The application in an image. One image, two commands: the worker (default) and the web.
#   docker build -t tactful .
#   docker run -e TACTFUL_DATABASE_URL=… -e TEMPORAL_ADDRESS=… tactful
#   docker run -e TACTFUL_DATABASE_URL=… -e TEMPORAL_ADDRESS=… -p 8080:8080 tactful python -m web
#   docker run -e TACTFUL_DATABASE_URL=… tactful tactful migrate

FROM python:3.13-slim AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv .venv
# The requirements first: they change seldom, and the layer is kept. The embedded servers stay out of the image.
COPY requirements/app.txt requirements/
RUN .venv/bin/pip install --require-hashes --no-deps --only-binary :all: -r requirements/app.txt
COPY pyproject.toml README.md LICENSE ./
COPY tactful tactful
RUN .venv/bin/pip install --no-deps --no-build-isolation --editable .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin tactful
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY . .
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TACTFUL_WEB_HOST=0.0.0.0
USER tactful
EXPOSE 8080
# The worker finishes the call that it is making before it ends: give it longer than that (docker stop --time 90).
STOPSIGNAL SIGTERM
CMD ["python", "worker.py"]
