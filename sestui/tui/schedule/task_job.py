"""A task that is run from a screen."""

from typing import Self

from sestui.errors import StateError
from sestui.runtime import Runtime
from sestui.tasks.task_service import TaskRunView
from sestui.tui.app.screens.background_jobs import BackgroundJob

_LOOK_SECONDS = 0.2


class TaskJob(BackgroundJob[TaskRunView]):
    """A task that is run now."""

    stopped = "The task has been told to stop; its log says how far it got."

    def __init__(self, runtime: Runtime, name: str, task_id: int, *, again: bool) -> None:
        super().__init__()
        self._again = again
        self._runtime = runtime
        self._name = name
        self._task_id = task_id

    @classmethod
    def of(cls, runtime: Runtime, name: str, *, again: bool) -> Self:
        """Running that task now, whatever its schedule says; not begun yet.

        ``again`` says that the operator wants its campaign sent though it was sent before.

        Raises:
            StateError: it is running, and doesn't allow another beside it.
        """
        return cls(runtime, name, runtime.tasks.id_to_run(name), again=again)

    def work(self) -> TaskRunView:
        """Run it, and end it early if somebody leaves."""
        worker_pool = self._runtime.worker_pool(by_hand=self._task_id, again=self._again)
        worker_pool.start()
        try:
            while not worker_pool.join(_LOOK_SECONDS):
                self.check()
        finally:
            worker_pool.stop()
            worker_pool.join()
        if worker_pool.error is not None:
            raise worker_pool.error
        if not worker_pool.ended:
            raise StateError(f"The task {self._name} has not been run.")
        return self._runtime.tasks.run(worker_pool.ended[-1].run_id, self._name)

    def summary(self, result: TaskRunView) -> str:
        """Its state, and what it says of itself."""
        return f"{self._name}: {result.state.label}. {result.detail}".strip()
