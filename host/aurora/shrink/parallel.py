"""Work for other processes: on this machine, or on a Dask cluster by address.

A job is a function of a module and one picklable argument. Results come back as they finish. What a job gives
must not depend on where it runs or beside what: every process computes with one thread and the same settings,
and one job at a time.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import multiprocessing.connection
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Protocol

from aurora.errors import InputError, WorkersLost

JOB_LIMIT_S = 3600.0  # without a single job finishing: then something hangs
CONNECT_LIMIT_S = 15.0
END_LIMIT_S = 10.0
ADDRESS = re.compile(r"(tcp|tls)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")

#: the same bits whatever the number of cores and of processes beside
SETTINGS = {
    "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}  # fmt: skip

_one_at_a_time = threading.Lock()

Job = Callable[[Any], Any]


class Runner(Protocol):
    """Somewhere to run jobs."""

    @property
    def workers(self) -> int:
        """How many jobs run at once."""

    def run(self, job: Job, arguments: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """(place in ``arguments``, result) in the order of finishing; raises what a job raised, WorkersLost
        where its process died."""


@contextmanager
def open_runner(workers: int, dask_address: str | None = None) -> Iterator[Runner]:
    """Processes of this machine, or with ``dask_address`` the workers of that cluster.

    No process of ours outlives the block, nor this process, whatever ends it.
    """
    if dask_address is not None:
        with _cluster(dask_address) as runner:
            yield runner
        return
    before = set(multiprocessing.active_children())
    with _settings():  # a spawned process reads them before it imports what they are for
        pool = concurrent.futures.ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), initializer=_begin
        )
        try:
            yield _Processes(pool, workers)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()
                child.join(END_LIMIT_S)


class _Processes:
    def __init__(self, pool: concurrent.futures.ProcessPoolExecutor, workers: int) -> None:
        self._pool, self.workers = pool, workers

    def run(self, job: Job, arguments: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        try:
            places = {self._pool.submit(run_here, job, value): place for place, value in enumerate(arguments)}
            waiting = set(places)
            while waiting:
                done, waiting = concurrent.futures.wait(
                    waiting, JOB_LIMIT_S, return_when=concurrent.futures.FIRST_COMPLETED
                )
                if not done:
                    raise WorkersLost(f"no job finished within {JOB_LIMIT_S:.0f} s", where="worker processes")
                for future in sorted(done, key=places.__getitem__):
                    yield places[future], future.result()
        except BrokenProcessPool as error:
            raise WorkersLost(
                "a worker process died", where="worker processes",
                hint="too little memory? try --workers 1; what was finished is kept",
            ) from error  # fmt: skip


@contextmanager
def _cluster(address: str) -> Iterator[Runner]:
    """The workers of a Dask scheduler; jobs of ours that still run there are cancelled at the end."""
    import logging

    if not ADDRESS.fullmatch(address):  # what Dask says of it is a traceback, half a minute later
        raise InputError(
            f"--dask is {address[:60]!r}, no address of a scheduler", hint="like tcp://HOST:8786"
        )
    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it tells of a lost line, we raise
    try:
        client = Client(address, timeout=CONNECT_LIMIT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise WorkersLost(
            "no Dask scheduler answers", where=address, hint="start one: dask scheduler; dask worker ADDRESS"
        ) from error
    try:
        threads = sum(worker["nthreads"] for worker in client.scheduler_info()["workers"].values())
        if not threads:
            raise WorkersLost(
                "the Dask scheduler has no worker", where=address, hint="start one: dask worker ADDRESS"
            )
        yield _Cluster(client, len(client.scheduler_info()["workers"]), address)
    finally:
        client.close(timeout=END_LIMIT_S)


class _Cluster:
    def __init__(self, client: Any, workers: int, address: str) -> None:
        self._client, self.workers, self._address = client, workers, address

    def run(self, job: Job, arguments: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        from dask.distributed import CancelledError, as_completed
        from distributed.client import FutureCancelledError
        from distributed.scheduler import KilledWorker

        futures = [self._client.submit(run_here, job, value, pure=False, retries=1) for value in arguments]
        places = {future.key: place for place, future in enumerate(futures)}
        finished = as_completed(futures, loop=self._client.loop, timeout=JOB_LIMIT_S * len(futures))
        try:
            for future in finished:
                yield places[future.key], future.result()
        except (CancelledError, FutureCancelledError, KilledWorker, TimeoutError, OSError) as error:
            raise WorkersLost(
                "the Dask cluster gave up a job", where=self._address, hint="what was finished is kept"
            ) from error
        finally:
            self._client.cancel(futures)


def run_here(job: Job, argument: Any) -> Any:
    """``job`` in this process, under the settings of every worker; one at a time, whatever threads there
    are: Keras's random numbers belong to the process."""
    with _one_at_a_time:
        os.environ.update(SETTINGS)
        return job(argument)


def _begin() -> None:
    """A worker process ends with its parent, not with the terminal's Ctrl-C before its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


@contextmanager
def _settings() -> Iterator[None]:
    """SETTINGS in the environment for the length of the block: children inherit them."""
    before = {name: os.environ.get(name) for name in SETTINGS}
    os.environ.update(SETTINGS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
