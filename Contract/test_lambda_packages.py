# SPDX-License-Identifier: Apache-2.0
"""Deployment packages: what is unpacked how, and the zips that must not get anywhere.

Wordings recorded from AWS; limits from the developer guide's quotas; escapes are reliability S5
and S6 (ours).
"""

import base64
import hashlib
import io
import zipfile

import pytest

from functions import ECHO, Application, installed_python, packed
from harness import eventually
from support import fresh, refused

INVALID = "InvalidParameterValueException"


def test_package_that_is_no_zip(app):
    with refused(
            INVALID, 400,
            "Could not unzip uploaded file. Please check your file, then try to upload again."):
        app.function(b"PK\x03\x04 but not really a zip")


def test_empty_package(app, martlet, account):
    lax = martlet.client("lambda", account=account, parameter_validation=False)
    with refused(INVALID, 400):
        lax.create_function(
            FunctionName=fresh(), Runtime=installed_python(), Role=app.role(),
            Handler="index.handler", Code={"ZipFile": b""})


def zip_with(*entries):
    """A zip of (name, content, unix mode) whose names are taken as they are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in (("index.py", ECHO, 0o100644), *entries):
            entry = zipfile.ZipInfo("placeholder")
            entry.filename = entry.orig_filename = name
            entry.create_system, entry.external_attr = 3, mode << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


REGULAR, LINK, DEVICE = 0o100644, 0o120777, 0o020666
ESCAPES = {
    "dots": [("../escaped", "x", REGULAR)],
    "many dots": [("a/../../../../tmp/escaped", "x", REGULAR)],
    "absolute": [("/tmp/martlet-escaped", "x", REGULAR)],
    "backslashes": [("..\\..\\escaped", "x", REGULAR)],
    "drive": [("C:\\escaped", "x", REGULAR)],
    "link out": [("out", "/etc", LINK), ("out/escaped", "x", REGULAR)],
    "link to dots": [("out", "../../..", LINK), ("out/escaped", "x", REGULAR)],
    "link to a file": [("passwd", "/etc/passwd", LINK)],
    "device": [("device", "", DEVICE)],
    "file below a file": [("index.py/below", "x", REGULAR)],
    "NUL in a name": [("a\x00b", "x", REGULAR)],
}


@pytest.mark.parametrize("kind", ESCAPES)
def test_zip_cannot_write_or_point_outside(app, kind):
    # reliability S6: nothing outside; refused, or unpacked without the member (ours).
    probe = (
        "import os\n"
        "def handler(event, context):\n"
        "    seen = []\n"
        "    for root, folders, files in os.walk(os.environ['LAMBDA_TASK_ROOT']):\n"
        "        for name in files + folders:\n"
        "            path = os.path.join(root, name)\n"
        "            real = os.path.realpath(path)\n"
        "            if not real.startswith(os.environ['LAMBDA_TASK_ROOT']):\n"
        "                seen.append(path)\n"
        "    return [seen, os.path.exists('/tmp/martlet-escaped')]\n")
    package = zip_with(*ESCAPES[kind], ("probe.py", probe, REGULAR))
    try:
        name = app.function(package, Handler="probe.handler")
    except app.functions.exceptions.InvalidParameterValueException:
        return
    assert app.invoke(name)["Payload"] == [[], False]


def test_zip_bomb_by_ratio_and_size_is_refused(app):
    # documentation: 262,144,000 bytes unzipped; reliability S5.
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.py", ECHO)
        with archive.open("zeros", "w", force_zip64=True) as file:
            for _ in range(260):
                file.write(bytes(1024 * 1024))
    with refused(INVALID, 400, "Unzipped size must be smaller than 262144000 bytes"):
        app.function(buffer.getvalue())


def test_zip_that_lies_about_its_sizes_is_refused(app):
    package = bytearray(packed({"index.py": ECHO, "zeros": bytes(1_000_000)}))
    # The central directory's uncompressed size of the last entry is made 1.
    at = package.rindex(b"PK\x01\x02")
    package[at + 24:at + 28] = (1).to_bytes(4, "little")
    with refused(INVALID, 400):
        app.function(bytes(package))


def test_zip_with_a_hundred_thousand_entries_is_refused_or_bounded(app):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", ECHO)
        for number in range(100_000):
            archive.writestr(f"f/{number}", "")
    with refused(INVALID, 400):
        app.function(buffer.getvalue())


def test_modes_and_folders_of_the_package_are_kept(app):
    files = {
        "index.py": "import os, sub.part\n"
                    "def handler(e, c):\n"
                    "    return [sub.part.NAME, os.access('tool', os.X_OK), os.getcwd()]\n",
        "sub/__init__.py": "", "sub/part.py": "NAME = 'part'\n", "tool": "#!/bin/sh\n"}
    name = app.function(packed(files, {"tool": 0o755}))
    part, executable, folder = app.invoke(name)["Payload"]
    assert (part, executable, folder) == ("part", True, "/var/task")


# The package, given back and given up -------------------------------------------------------


def location(app, name, **more):
    return app.functions.get_function(FunctionName=name, **more)["Code"]["Location"]


def path_of(app, address):
    return address.removeprefix(app.martlet.endpoint)


def test_address_of_the_code_gives_the_package(app):
    # documentation: FunctionCodeLocation, "a presigned URL that you can use to download".
    package, later = packed(ECHO), packed(ECHO + "# later\n")
    name = app.function(package, Publish=True)
    app.functions.update_function_code(FunctionName=name, ZipFile=later)
    for qualifier, expected in (("1", package), ("$LATEST", later)):
        reply = app.martlet.raw("GET", path_of(app, location(app, name, Qualifier=qualifier)))
        assert (reply.status, reply.body) == (200, expected)
        assert reply.headers["content-type"] == "application/zip"


def test_address_of_the_code_is_not_to_be_guessed(app):
    # Ours: whoever lists functions sees the archive's hash, which must not be enough.
    name = app.function()
    folder, _, given = path_of(app, location(app, name)).rpartition("/")
    shown = app.functions.get_function_configuration(FunctionName=name)["CodeSha256"]
    for file in (base64.b64decode(shown).hex() + ".zip", "", ".zip", given[:-4],
                 "../../status", "0" * 64 + ".zip"):
        assert app.martlet.raw("GET", f"{folder}/{file}").status in (403, 404), file
    assert app.martlet.raw("POST", f"{folder}/{given}").status == 405


def test_address_of_the_code_ends_after_ten_minutes(own_martlet, account):
    app = Application(own_martlet, account)
    path = path_of(app, location(app, app.function()))
    own_martlet.clock.advance("9m")
    assert own_martlet.raw("GET", path).status == 200
    own_martlet.clock.advance("61s")
    assert own_martlet.raw("GET", path).status == 403


def test_packages_that_nothing_names_go_at_the_next_start(martlet_with, account):
    # Ours: blobs are collected only when nothing names them.
    own = martlet_with()
    app = Application(own, account)
    kept, replaced, published = (packed(ECHO + f"# {n}\n") for n in range(3))
    name = app.function(published, Publish=True)
    app.functions.update_function_code(FunctionName=name, ZipFile=replaced)
    app.functions.update_function_code(FunctionName=name, ZipFile=kept)
    other = app.function(packed(ECHO + "# other\n"))
    app.functions.delete_function(FunctionName=other)

    def blobs():
        return {path.name for path in (own.data_dir / "blobs").iterdir() if len(path.name) == 64}

    assert len(blobs()) == 4
    own.restart()
    named = {hashlib.sha256(package).hexdigest() for package in (kept, published)}
    eventually(lambda: blobs() == named, 10, "the collection of packages")
    assert app.invoke(name, "x")["Payload"] == app.invoke(name, "x", Qualifier="1")["Payload"] == "x"
