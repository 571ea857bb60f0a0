"""What the watcher does when the bundle beside it changes; its waits are cut short."""

import asyncio
import logging
import shutil
from concurrent.futures import ThreadPoolExecutor

import colours
import replica

from atarimae import bundle as bundles
from atarimae.serve import Limits, swap
from atarimae.serve.worker import Worker


def test_an_error_that_is_not_ours_is_logged_and_the_watch_goes_on(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(swap, "EVERY", 0.02)
    monkeypatch.setattr(swap, "AFTER_FAILURE", 0.02)
    folder = colours.ship(tmp_path / "bundle")
    worker = Worker(bundles.read(folder), colours.task, Limits())
    worker.loading.result()
    taken: list[bundles.Bundle] = []

    async def story() -> None:
        watch = swap.watcher(bundles.read(folder), colours.task, worker, taken.append)
        watching = asyncio.create_task(watch())
        await asyncio.sleep(0.05)
        _replace(folder, load_seconds=-1)  # time.sleep raises ValueError
        await _until(lambda: caplog.records)
        await asyncio.sleep(0.2)
        assert not taken
        assert (await worker.ask(replica.picture("red"))).value["matches"], "the old one answers"
        _replace(folder, answer_seconds=0.01)
        await _until(lambda: taken)
        watching.cancel()

    # A thread of its own: another test's browser may have left this one an event loop.
    with caplog.at_level(logging.ERROR), ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(asyncio.wait_for(story(), 60))).result()
    worker.close()
    assert len(caplog.records) == 1, "said once, however often it is tried"
    assert "ValueError" in caplog.text
    assert taken[0].model.settings == {"answer_seconds": 0.01}


def _replace(folder, **settings):
    """Another bundle in the same place, its bundle.json last, as a swap has it."""
    new = colours.ship(folder.parent / "new", **settings)
    for path in sorted(new.rglob("*.*"), key=lambda path: path.name == "bundle.json"):
        path.replace(folder / path.relative_to(new))
    shutil.rmtree(new)


async def _until(true):
    while not true():
        await asyncio.sleep(0.02)
