"""Datasets at a URL, on a real S3-compatible server: the manifest comes last, a broken upload is gone on with."""

import json
import os
import subprocess
import sys

import fsspec
import pytest
from moto.server import ThreadedMotoServer

from augury.dataset import verify
from tests.durability.conftest import outcome, start

BUCKET = "s3://datasets"


@pytest.fixture(scope="module")
def store():
    """The variables that point every S3 client at a server of our own."""
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    variables = {
        "FSSPEC_S3_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "*",
    }
    yield variables
    server.stop()


@pytest.fixture
def bucket(store, monkeypatch):
    """An open file system on the server, with an empty bucket."""
    for name, value in store.items():
        monkeypatch.setenv(name, value)
    fs = fsspec.filesystem("s3", endpoint_url=store["FSSPEC_S3_ENDPOINT_URL"], skip_instance_cache=True)
    if fs.exists("datasets"):
        fs.rm("datasets", recursive=True)
    fs.mkdir("datasets")
    return fs


@pytest.mark.slow
def test_a_dataset_is_put_at_a_url_and_a_broken_upload_goes_on(corpus, untouched, store, bucket, tmp_path, monkeypatch):
    """Killed in the upload there is no manifest; the next run builds nothing again and puts what is missing."""
    monkeypatch.chdir(tmp_path)
    bare = {k: v for k, v in store.items() if k in os.environ}
    script = (
        "import os, augury\nfrom augury.dataset import upload\ncalls = []\n"
        "def die(what):\n    calls.append(what)\n    if len(calls) == 3:\n        os.kill(os.getpid(), 9)\n"
        f"upload.point = die\nupload.run_to_url(augury.load({str(corpus / 'recipe.yaml')!r}), {BUCKET + '/made'!r})"
    )
    assert subprocess.run([sys.executable, "-c", script], env={**os.environ, **bare}, check=False).returncode == -9
    bucket.invalidate_cache()
    before = bucket.find("datasets/made", detail=True)
    assert len(before) == 2 and "datasets/made/manifest.json" not in before
    code, said = outcome(start(corpus, f"{BUCKET}/made", "--workers", "1", **bare))
    assert code == 0 and "collecting" not in said, said
    bucket.invalidate_cache()
    manifest = json.loads(bucket.cat("datasets/made/manifest.json"))
    assert manifest["content_hash"] == untouched
    assert list(tmp_path.iterdir()) == []
    bucket.get("datasets/made", str(tmp_path / "copy"), recursive=True)
    assert verify(tmp_path / "copy").ok
    code, said = outcome(start(corpus, f"{BUCKET}/made", **bare))
    assert code == 2 and "no dataset yet" in said


@pytest.mark.slow
def test_a_dead_store_is_said(corpus, tmp_path, monkeypatch):
    """A store that cannot be reached is exit 4 with its place, without a traceback."""
    monkeypatch.chdir(tmp_path)
    nowhere = {"FSSPEC_S3_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    nowhere |= {"AWS_MAX_ATTEMPTS": "1", "AWS_RETRY_MODE": "standard"}
    code, said = outcome(start(corpus, f"{BUCKET}/made", **nowhere))
    assert code == 4 and "s3://datasets/made" in said and "Traceback" not in said, said
