# Serves a seeded pretix from a folder on 127.0.0.1, media files included, in one process that ends when it is killed.
import mimetypes
import os
import sys

import django

port, redirect_uri = int(sys.argv[1]), sys.argv[2]
django.setup()

from django.conf import settings  # noqa: E402
from django_scopes import scopes_disabled  # noqa: E402
from pretix.api.models import OAuthApplication  # noqa: E402
from pretix.wsgi import application  # noqa: E402
from waitress import serve  # noqa: E402

with scopes_disabled():
    OAuthApplication.objects.update(redirect_uris=redirect_uri)


def with_media(environ, start_response):
    path = environ["PATH_INFO"]
    if not path.startswith("/media/"):
        return application(environ, start_response)
    file = os.path.realpath(os.path.join(settings.MEDIA_ROOT, path[len("/media/"):]))
    if not file.startswith(os.path.realpath(settings.MEDIA_ROOT)) or not os.path.isfile(file):
        start_response("404 Not Found", [])
        return [b""]
    start_response("200 OK", [("Content-Type", mimetypes.guess_type(file)[0] or "application/octet-stream")])
    with open(file, "rb") as data:
        return [data.read()]


serve(with_media, host="127.0.0.1", port=port, threads=8, _quiet=True)
