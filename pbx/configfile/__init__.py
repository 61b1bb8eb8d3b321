"""Reading the configuration: a TOML file, the environment over it, every fault named with line, key and remedy."""

from pbx.configfile.load import Loaded, load
from pbx.configfile.problem import ConfigError, Problem

__all__ = ["ConfigError", "Loaded", "Problem", "load"]
