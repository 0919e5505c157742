"""Gives Jupyter's client the kernel that was forked for it (`forked.Kernel`)."""

from __future__ import annotations

import os
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

NAME = "forked"
_offered: list[Any] = []


def offer(kernel: Any) -> None:
    """Let the next kernel of this process be the one that waits; further ones are started cold."""
    group = KernelProvisionerFactory.GROUP_NAME
    entry = EntryPoint(NAME, f"{__name__}:ForkedProvisioner", group)
    KernelProvisionerFactory.provisioners[NAME] = entry
    os.environ[KernelProvisionerFactory.default_provisioner_name_env] = NAME
    _offered.append(kernel)


class ForkedProvisioner(LocalProvisioner):
    """A local kernel that has been forked before; all else is the local provisioner's."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Wake the waiting kernel; start another one where it was used already."""
        if not _offered:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = _offered.pop()
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs.get("cwd") or Path.cwd()
        self.process.begin(cmd, kwargs.get("env") or dict(os.environ), str(self.cwd))
        return self.connection_info
