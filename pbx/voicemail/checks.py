"""What only the layers below voicemail can tell of its configuration."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config import Config
from pbx.configfile.problem import Problem
from pbx.web.hosts import HostError, Hosts


def check_recognizer(config: Config) -> Iterator[Problem]:
    """The server that makes text of speech may be asked."""
    url = config.speech.recognizer.url
    if url:
        try:
            Hosts(config.http.hosts, config.http.networks).check(url)
        except HostError as error:
            yield Problem(("speech", "recognizer", "url"), str(error), "list its host in http.hosts")
        except ValueError:
            return  # of http.networks: said there
