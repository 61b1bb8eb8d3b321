# Two stages: the first one compiles the core into a wheel, the second one has no compiler and runs as an ordinary user.
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libopus-dev python3 python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
RUN python3 -m venv /opt/centrala && /opt/centrala/bin/pip install --no-cache-dir --upgrade "setuptools>=77" "Cython>=3.3,<3.4" wheel
COPY pyproject.toml setup.py README.md LICENSE ./
COPY core core
COPY pbx pbx
RUN /opt/centrala/bin/pip install --no-cache-dir --no-build-isolation . \
    && /opt/centrala/bin/pip uninstall -y Cython wheel

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends python3 espeak-ng libopus0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /var/lib/centrala centrala \
    && install -d -o centrala -g centrala -m 0700 /var/lib/centrala
COPY --from=build /opt/centrala /opt/centrala
ENV PATH=/opt/centrala/bin:$PATH \
    CENTRALA_SERVER__DATA_DIR=/var/lib/centrala \
    PYTHONUNBUFFERED=1
USER centrala
WORKDIR /var/lib/centrala
VOLUME /var/lib/centrala
STOPSIGNAL SIGTERM
ENTRYPOINT ["centrala", "--config", "/etc/centrala/centrala.toml"]
CMD ["serve"]
