# pretix' own settings with what a test needs on top: plain http on loopback, short tokens on demand, no asset build.
import os

from pretix.settings import *  # noqa: F401,F403

OAUTH2_PROVIDER["ALLOWED_REDIRECT_URI_SCHEMES"] = ["http", "https"]  # noqa: F405
OAUTH2_PROVIDER["ACCESS_TOKEN_EXPIRE_SECONDS"] = int(os.environ.get("ACCESS_TTL", "3600"))  # noqa: F405
OAUTH2_PROVIDER["ROTATE_REFRESH_TOKEN"] = os.environ.get("ROTATE") == "1"  # noqa: F405
COMPRESS_ENABLED = False
COMPRESS_OFFLINE = False
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
