"""A stranger's 100 requests a second at the callback, beside 50 honest connects and shops that post their keys: none of these fails."""

import html.parser
import re
import threading
import time
import urllib.parse

from ground import Place, Shop, ask, lines, run


class Form(html.parser.HTMLParser):
    """What a consent page's form holds."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields = "", []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form":
            self.action = given.get("action", "")
        elif tag == "input" and "name" in given:
            self.fields.append((given["name"], given.get("value", "")))


def path_of(url):
    parts = urllib.parse.urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def merchant(place, shop, link, source):
    """Opens a link, allows, comes back; gives what came of it. One try, as people do."""
    status, headers, body = ask("GET", place.url, path_of(link), source=source)
    if "location" not in headers:
        return f"the link answered {status}"
    cookie = headers["set-cookie"].split(";")[0]
    consent = headers["location"]
    form = Form(ask("GET", shop.url, path_of(consent), source=source)[2].decode())
    fields = urllib.parse.urlencode([*form.fields, ("decision", "allow")])
    kind = {"content-type": "application/x-www-form-urlencoded"}
    action = urllib.parse.urljoin(consent, form.action or consent)
    back = ask("POST", shop.url, path_of(action), fields, kind, source=source)[1].get("location")
    if not back:
        return "the shop sent nobody back"
    status, _, body = ask("GET", place.url, path_of(back), headers={"cookie": cookie}, source=source)
    return None if status == 200 and b"is connected" in body else f"the callback answered {status}"


def proof(ground, verdict, given):
    shop = Shop(ground, 2)
    keyed = Shop(ground, 2, "--as", "woocommerce")
    hosts = re.findall(r'^"([^"]+)" = "(http[^"]+)"$', keyed.said(), re.M)
    more = "[http.connect_to]\n" + "".join(f'"{host}" = "{to}"\n' for host, to in hosts)
    place = Place(ground, "stranger", more=more if hosts else "", lease=10)
    places = [f"client-{number}" for number in range(given.connects)]
    for name in [*places, "keyed"]:
        place.json("clients", "add", name)
    links = [place.json("connect", "sandbox", "--client", name, "--shared", "--set", f"shop={shop.url}", "--no-wait")["connect_url"] for name in places]
    fields = re.search(r"store-sync connect woocommerce --client CLIENT(.*)", keyed.said())
    daemon = place.daemon()
    ended, sent = threading.Event(), [0]

    def noise(number):
        # A hundred a second in all, from three addresses.
        while not ended.is_set():
            began = time.monotonic()
            ask("GET", place.url, "/oauth/callback/shopify?state=x", source=f"127.0.0.{number + 2}", timeout=5)
            sent[0] += 1
            time.sleep(max(0, given.strangers / given.rate - (time.monotonic() - began)))

    threads = [threading.Thread(target=noise, args=(number,), daemon=True) for number in range(given.strangers)]
    for thread in threads:
        thread.start()
    began, results = time.monotonic(), []
    time.sleep(1)

    def honest(number):
        results.append(merchant(place, shop, links[number], f"127.0.1.{number + 1}"))

    workers = []
    for number in range(given.connects):
        worker = threading.Thread(target=honest, args=(number,))
        worker.start()
        workers.append(worker)
        time.sleep(given.seconds / given.connects)
    posted = []
    for number in range(given.posted):
        words = ["connect", "woocommerce", "--client", "keyed", *(fields.group(1).split() if fields else [])]
        done = place.run(*words, check=False, timeout=120)
        posted.append(None if done.returncode == 0 else done.stderr.strip().splitlines()[-1][:120])
    for worker in workers:
        worker.join()
    took = time.monotonic() - began
    ended.set()
    for thread in threads:
        thread.join()
    failed = [why for why in results if why]
    verdict.say(f"{sent[0]} requests of a stranger in {took:.0f} s ({sent[0] / took:.0f} a second), {given.connects} honest connects, {given.posted} by posted keys")
    verdict.claim("the stranger was as fast as said", sent[0] / took >= given.rate * 0.6, f"{sent[0] / took:.0f} a second")
    verdict.claim("every honest connect succeeds at the first try", not failed, f"{len(results) - len(failed)} of {len(results)}; {failed[:3]}" if failed else len(results))
    lost = [why for why in posted if why]
    verdict.claim("every shop's posted keys arrive", not lost, f"{len(posted) - len(lost)} of {len(posted)}; {lost[:2]}" if lost else len(posted))
    told = [line for line in lines(daemon) if "too_fast" in str(line) or "too many connects" in str(line)]
    verdict.claim("no line of the log for each refusal", len(told) <= 10 + took / 10, f"{len(told)} lines for {sent[0]} requests")
    loud = sum(line["level"] in ("WARN", "ERROR") for line in lines(daemon))
    verdict.claim("the stranger does not fill the log", loud <= 40 + took, f"{loud} lines")
    verdict.claim("ends with 0", daemon.stop() == 0)


run("stranger", proof, [("connects", 50, 10), ("posted", 8, 2), ("seconds", 30, 6), ("rate", 100, 100), ("strangers", 4, 4)])
