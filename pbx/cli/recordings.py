"""`centrala recordings`: what is done with files of recordings; the PBX need not run."""

from __future__ import annotations

import os
from pathlib import Path

from pbx.cli.console import fail, out
from pbx.config import Config


def open_sealed(config: Config, file: Path, target: Path | None) -> None:
    """Writes the sound of a sealed file to `target`, mode 0600; says so when the file ends early."""
    from pbx.configfile.recording_key import read_recording_key
    from pbx.media.conversion import unseal
    from pbx.media.recording import SUFFIX
    from pbx.media.sealing import SealError

    name = config.media.recordings_key_file
    if not name:
        fail("media.recordings_key_file is empty: name the file of the key that the recording was made with")
    if target is None:
        target = file.with_name(file.name.removesuffix(SUFFIX))
    if target == file:
        fail(f"{file} does not end in {SUFFIX}: name the target with --out")
    try:
        key = read_recording_key(Path(name))
        with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as clear:
            complete = unseal(file, clear, key)
    except SealError as error:
        target.unlink(missing_ok=True)
        fail(str(error))
    except (OSError, ValueError) as error:
        fail(str(error))
    out.print(f"{target} is written", markup=False)
    if not complete:
        out.print("the recording was cut: the server ended while it was made", markup=False)
