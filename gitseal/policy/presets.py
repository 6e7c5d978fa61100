# SPDX-License-Identifier: Apache-2.0
"""
Presets: key-path globs that stay clear, for files whose structure a tool has to see.

A preset is written out into the signed record when it is applied, so that a later version of
gitseal with another list changes nobody's rules.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PRESETS: Mapping[str, tuple[str, ...]] = {
    # Manifests: what the API server identifies an object by; data, stringData and spec are sealed.
    "kubernetes": ("apiVersion", "kind", "type", "immutable", "metadata.**"),
    # values.yaml: what reviewers compare and charts branch on, at any depth.
    "helm": (
        "**.image.**", "**.replicaCount", "**.enabled", "**.resources.**", "**.service.type",
        "**.service.port", "**.nodeSelector.**", "**.tolerations.**",
    ),
    # compose.yaml: all but the environment, the build arguments and inline contents.
    "compose": (
        "name", "version", "include.**", "services.*.image", "services.*.container_name",
        "services.*.ports.**", "services.*.expose.**", "services.*.volumes.**",
        "services.*.networks.**", "services.*.depends_on.**", "services.*.restart",
        "services.*.profiles.**", "services.*.build.context", "services.*.build.dockerfile",
        "services.*.build.target", "services.*.platform", "services.*.user",
        "services.*.working_dir", "services.*.healthcheck.interval",
        "services.*.healthcheck.timeout", "services.*.healthcheck.retries",
        "services.*.secrets.**", "services.*.configs.**", "services.*.env_file.**",
        "networks.**", "volumes.**", "secrets.*.file", "secrets.*.external",
        "configs.*.file", "configs.*.external",
    ),
}  # fmt: skip
