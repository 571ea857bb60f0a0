"""Scripts of others are what their authors published, each with its licence."""

import hashlib
import re

from atarimae.look.frame import HERE

VENDOR = HERE / "static" / "vendor"


def test_each_script_has_its_licence_and_the_hash_that_is_noted():
    noted = (VENDOR / "README.md").read_text(encoding="utf-8")
    folders = [path for path in VENDOR.iterdir() if path.is_dir()]
    rows = re.findall(r"^\| `([^`]+)` .*`(\w{64})` \|$", noted, re.MULTILINE)

    assert sorted(name for name, _ in rows) == sorted(folder.name for folder in folders)
    for name, digest in rows:
        (script,) = (VENDOR / name).glob("*.js")
        assert hashlib.sha256(script.read_bytes()).hexdigest() == digest
        assert (VENDOR / name / "LICENSE").is_file()
