"""What gunicorn itself says goes through the same rules: ``--logger-class mcm_portal.server_logs.ServerLog``.

Left alone it would write the path of a request it could not serve, and the client's address.
"""

from __future__ import annotations

from gunicorn.config import Config
from gunicorn.glogging import Logger

from . import env, logs


class ServerLog(Logger):
    """Hands gunicorn's lines to the portal's logs; the access log stays off."""

    def setup(self, cfg: Config) -> None:
        """Set up as gunicorn does, then take its own way out away."""
        super().setup(cfg)
        logs.configure(debug=env.Environment().flag("DEBUG"))
        for handler in list(self.error_log.handlers):
            self.error_log.removeHandler(handler)
        self.error_log.propagate = True
