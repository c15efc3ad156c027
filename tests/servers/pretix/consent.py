# consent.py URL EMAIL PASSWORD [--deny]: plays the merchant's browser at pretix: opens our connect link, signs in, allows
# (or refuses), follows the way back to our callback, prints the last status, address and page. Exit 0 if that was a 2xx.
import html
import http.cookiejar
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

url, email, password = sys.argv[1:4]
deny = "--deny" in sys.argv
browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))


def fetch(address, form=None):
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(address, data, {"Referer": address})
    try:
        answer = browser.open(request, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, answer.geturl(), answer.read().decode("utf-8", "replace")


def inputs(page):
    found = []
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]*)"', tag)
        if name and (kind is None or kind.group(1) != "submit"):
            found.append((name.group(1), html.unescape(value.group(1)) if value else ""))
    return found


status, at, page = fetch(url)
if "/login" in at:
    fields = dict(inputs(page))
    fields.update(email=email, password=password)
    status, at, page = fetch(at, list(fields.items()))
if "/oauth/authorize" in at:
    fields = inputs(page)
    if not deny:
        fields.append(("allow", "Authorize"))
    status, at, page = fetch(at, fields)
print(status, at.split("?")[0])
print(page[:1500])
sys.exit(0 if 200 <= status < 300 else 1)
