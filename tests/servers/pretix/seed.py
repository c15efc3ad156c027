# Fills a migrated pretix: one organizer, one event with 45 items, a user who may do everything, and our OAuth app.
import io

import django

django.setup()

from django.core.files.base import ContentFile  # noqa: E402
from django.utils.timezone import now  # noqa: E402
from django_scopes import scopes_disabled  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402
from pretix.api.models import OAuthApplication  # noqa: E402
from pretix.base.models import Event, Item, ItemVariation, Organizer, Team, User  # noqa: E402


def picture(number):
    image = Image.new("RGB", (320, 240), (240 - number * 3, 200, 120 + number * 2))
    ImageDraw.Draw(image).ellipse((60 + number, 40, 220, 200), fill=(60, 90 + number * 2, 140))
    data = io.BytesIO()
    image.save(data, "PNG")
    return ContentFile(data.getvalue(), name="picture.png")


with scopes_disabled():
    user = User.objects.create_user("merchant@example.com", "merchant-password")
    organizer = Organizer.objects.create(name="Acme Events", slug="acme")
    event = Event.objects.create(
        organizer=organizer, name="Summer Fair", slug="fair", currency="EUR", date_from=now(), plugins="", live=True
    )
    team = Team.objects.create(organizer=organizer, name="Everybody", all_events=True)
    for field in Team._meta.get_fields():
        if field.name.startswith("can_") or field.name.startswith("all_"):
            setattr(team, field.name, True)
    team.save()
    team.members.add(user)
    for number in range(1, 46):
        item = Item.objects.create(
            event=event, name=f"Ticket {number:02}", default_price=f"{number}.50", active=number % 9 != 0,
            internal_name=f"T-{number:02}", description=f"What ticket {number} is good for." if number % 3 else "",
        )
        if number % 5 == 0:
            for size in ("Child", "Adult"):
                ItemVariation.objects.create(item=item, value=size, default_price=f"{number}.00", position=len(size))
        if number % 4 == 0:
            item.picture.save("picture.png", picture(number))
    app = OAuthApplication(
        name="store-sync", client_id="store-sync-test", client_secret="store-sync-test-secret",
        redirect_uris="http://127.0.0.1/oauth/callback/pretix", user=user,
        client_type="confidential", authorization_grant_type="authorization-code",
    )
    app.save()
