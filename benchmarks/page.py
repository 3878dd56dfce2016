"""What the offline page needs from a file's bytes to the finding that a person reads, in Debian's Chromium."""

import base64
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.figure import Figure, at_most
from benchmarks.workspace import Workspace
from signing.proof_file import encode_proof
from tests.support.browser import launch
from tests.support.corpus.forms import CONTENT, FACTS
from tests.support.proof_world import ProofWorld
from tests.support.verify_page import opened_page, write_page

FINDINGS = 60
_SHOW = """
async ([text, count]) => {
  const data = motcua.fromBase64(text);
  const times = [];
  for (let number = 0; number < count; number += 1) {
    const began = performance.now();
    await motcua.take("thu.motcua-proof.json", data);
    document.body.getBoundingClientRect();
    times.push(performance.now() - began);
    motcua.forget();
  }
  return times;
}
"""


def measure_page(workspace: Workspace) -> list[Figure]:
    """The same file as `verify_proof`, read, verified, written into the page and laid out; the first time apart."""
    world = ProofWorld()
    record = world.put(world.record("Lan", content=CONTENT, facts=FACTS, anchor=world.anchor(32)), 40)
    proof = world.proof(record, statements=[world.put(world.lan(), 10)], status=world.snapshot())
    data = encode_proof(replace(proof, checkpoints=(*proof.checkpoints, world.checkpoint(32))))
    with tempfile.TemporaryDirectory() as folder, launch() as browser:
        path = write_page(Path(folder), world.envelope())
        with opened_page(browser, path) as tab:
            times = tab.page.evaluate(_SHOW, [base64.b64encode(data).decode(), FINDINGS])
            assert tab.page.locator("article").count() == 0 and tab.complained() == []
    return [
        Figure(
            name="page_finding",
            title="verify.html: from the file's bytes to the finding on the page",
            value=statistics.median(times),
            unit="ms",
            target=at_most(200.0),
            detail={"the first ms": times[0], "slowest ms": max(times), "bytes": len(data)},
        )
    ]
