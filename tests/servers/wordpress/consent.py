# consent.py URL USER PASSWORD [--deny]: plays the merchant's browser at WordPress: signs in, allows (or refuses), prints where it is sent.
import html
import http.cookiejar
import re
import sys
import urllib.parse
import urllib.request


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, fp, code, msg, headers, url):
        if urllib.parse.urlsplit(url).netloc != urllib.parse.urlsplit(request.full_url).netloc:
            print(url)
            sys.exit(0)
        return super().redirect_request(request, fp, code, msg, headers, url)


url, user, password = sys.argv[1:4]
deny = "--deny" in sys.argv
browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()), Stay())


def fetch(address, form=None):
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    answer = browser.open(urllib.request.Request(address, data, {"Referer": address}), timeout=60)
    return answer.geturl(), answer.read().decode("utf-8", "replace")


at, page = fetch(url)
if "wp-login.php" in at:
    # WordPress looks whether the browser keeps cookies.
    at, page = fetch(at.split("?")[0], {"log": user, "pwd": password, "redirect_to": url, "testcookie": "1", "wp-submit": "Log In"})
if deny:
    # Without scripts the button is a link of the browser's; this is where it leads.
    reject = re.search(r'name="reject_url" value="([^"]*)"', page)
    print(html.unescape(reject.group(1)) if reject else "")
    sys.exit(0)
form = page[page.index('action="'):] if 'authorize_application_password' in page else sys.exit(page[-3000:])
fields = {}
for tag in re.findall(r"<input[^>]*>", page):
    name, value = re.search(r'name=[\'"]([^\'"]*)', tag), re.search(r'value=[\'"]([^\'"]*)', tag)
    if name and "submit" not in tag:
        fields[name.group(1)] = html.unescape(value.group(1)) if value else ""
fields["approve"] = "1"
at, page = fetch(url.split("?")[0], fields)
print(at, page[-3000:], file=sys.stderr)
sys.exit(1)
