"""Kinds whose effects are in the cluster's API, not on a machine: they go through any control plane that answers."""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from bareplane.specs import ApiSpec
from bareplane_provider.errors import BareplaneError, CancelledError
from bareplane_provider.kinds.base import SpecKind
from bareplane_provider.kinds.control_planes import answering
from bareplane_provider.paths import KUBECTL
from bareplane_provider.plugin.kind import Context, Created, Inputs, Outputs, State
from bareplane_provider.transport.session import Session

A = TypeVar("A", bound=ApiSpec)
Facts = dict[str, dict[str, Any]]
ANSWERS = {"answers": "yes"}
READY = (*KUBECTL, "get", "--raw", "/readyz")


class ApiKind(SpecKind[A], Generic[A]):
    """Something in the API, observed, applied and removed with kubectl on a control plane."""

    # Which control plane is asked is not part of what should be.
    ignored = frozenset({"controlPlanes"})

    start_seconds: ClassVar[float] = 60.0
    """How long an API server may take to serve."""
    service: ClassVar[str] = "api"
    """What is asked, as a fact: that it does not answer is drift, and no reason not to look at anything else."""

    @abstractmethod
    def identity(self, name: str, spec: A) -> str:
        """The resource's id."""

    @abstractmethod
    def observe(self, spec: A, session: Session) -> Facts:
        """What is there now."""

    @abstractmethod
    def apply(self, spec: A, session: Session, context: Context) -> None:
        """Make it so; running it again changes nothing."""

    @abstractmethod
    def remove(self, spec: A, session: Session, context: Context) -> None:
        """Take it away; what is gone already is fine."""

    def create(self, name: str, inputs: Inputs, context: Context) -> Created:
        spec = self.parse(inputs)
        return Created(self.identity(name, spec), self.brought_about(spec, context))

    def update(self, id: str, old: State, new: Inputs, context: Context) -> Outputs:
        return self.brought_about(self.parse(new), context)

    def brought_about(self, spec: A, context: Context) -> Outputs:
        with answering(spec.control_planes, context) as session:
            self.await_service(session, context)
            self.apply(spec, session, context)
            return self.as_made(spec, session)

    def await_service(self, session: Session, context: Context) -> None:
        """An API server that was started a moment ago does not serve everything yet."""
        seconds = min(context.seconds(self.start_seconds), self.start_seconds)
        until = time.monotonic() + seconds
        while session.run([*READY, "--request-timeout", "10s"], timeout=15).status != 0:
            if time.monotonic() > until:
                raise BareplaneError(
                    f"{session.name}: the API server does not answer after {seconds:.0f} s; see its log there "
                    "(`journalctl -u kube-apiserver`, or below /var/log/pods), or run `pulumi refresh` and `pulumi "
                    "up`, which repairs its machine first"
                )
            context.progress(f"waiting for the API server on {session.name}")
            if context.cancelled.wait(0.5):
                raise CancelledError("waiting for the API server: interrupted")

    def as_made(self, spec: A, session: Session) -> Outputs:
        facts = {self.service: ANSWERS, **self.observe(spec, session)}
        return {"facts": facts, "baseline": facts}

    def read(self, id: str, state: State, context: Context) -> Outputs | None:
        spec = self.parse(state.inputs)
        with answering(spec.control_planes, context) as session:
            how = self.answers(session)
            if how == "yes":
                try:
                    return {**state.outputs, "facts": {self.service: ANSWERS, **self.observe(spec, session)}}
                except BareplaneError:
                    # What it needs itself may have ended a moment ago.
                    how = self.answers(session)
                    if how == "yes":
                        raise
        # What was known last is not known to be otherwise.
        return {**state.outputs, "facts": {**state.outputs.get("facts", {}), self.service: {"answers": how}}}

    def answers(self, session: Session) -> str:
        """Whether what is asked answers at all: yes, no, or `forbidden` to the cluster's admin."""
        # An API server without its etcd knows what is allowed, and takes a minute for every other question.
        limit = ("--request-timeout", "10s")
        if session.run([*READY, *limit], timeout=15).status != 0:
            return "no"
        allowed = session.run([*KUBECTL, "auth", "can-i", "*", "*", "--all-namespaces", *limit], timeout=15)
        return "yes" if allowed.status == 0 else "forbidden"

    def delete(self, id: str, state: State, context: Context) -> None:
        spec = self.parse(state.inputs)
        with answering(spec.control_planes, context) as session:
            self.await_service(session, context)
            self.remove(spec, session, context)
