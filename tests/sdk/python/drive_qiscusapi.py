"""Drives the package qiscusapi 0.0.8 against the built server: python drive_qiscusapi.py target/debug/standin"""

import json
import re
import sys

import requests
from qiscusapi import Api

from standin import APP_ID, SECRET, check, running

EMAIL = "johnny@cage.com"
AVATAR = "https://image.url/image.jpg"


def client(base, secret=SECRET):
    api = Api(APP_ID, secret)
    api.base_url = f"{base}/api/v2/rest/"
    return api


def signs_in(base, password):
    """Whether this is the user's password, according to MirrorFly's API."""
    body = {"username": EMAIL, "password": password}
    return requests.post(f"{base}/api/v1/login", json=body, timeout=10).json()["status"] == 200


def registers_and_logs_in(base):
    api = client(base)
    made = api.login_or_register(EMAIL, "Johnny Cage", "password", AVATAR, "a-push-token", "android")
    check("register: e-mail", made.user_email, EMAIL)
    check("register: name", made.username, "Johnny Cage")
    check("register: picture", made.user_avatar_url, AVATAR)
    check("register: the id is a number", isinstance(made.user_id, int), True)
    check("register: the token is letters and digits", bool(re.fullmatch(r"[0-9A-Za-z]{20,}", made.user_token)), True)
    check("register: the password opens the other wire", signs_in(base, "password"), True)

    same = api.login_or_register(EMAIL, "Johnny Cage", "password")
    check("login: the same password ends nothing", (same.user_id, same.user_token), (made.user_id, made.user_token))
    again = api.login_or_register(EMAIL, "John", "changed")
    check("login: the same user", again.user_id, made.user_id)
    check("login: another password draws another token", again.user_token != made.user_token, True)
    check("login: the new name, the picture as it was", (again.username, again.user_avatar_url), ("John", AVATAR))
    check("login: the new password", (signs_in(base, "changed"), signs_in(base, "password")), (True, False))

    refused = api.login_or_register(EMAIL, "John", None)
    check("login without a password", (refused.error_status_code, refused.error_message), (400, "Validation error"))
    refused = api.login_or_register("jill", "Jill", "p", None, "a-push-token", None)
    check("a device without its platform", (refused.error_status_code, refused.error_message), (400, "Validation error"))
    return again


def reads_and_resets(base, made):
    api = client(base)
    profile = api.check_user_profile(EMAIL)
    seen = (profile.user_id, profile.user_email, profile.username, profile.user_avatar_url, profile.user_token)
    check("profile: all of it", seen, (made.user_id, EMAIL, "John", AVATAR, made.user_token))

    reset = api.reset_user_token(EMAIL)
    check("reset: another token", reset.user_token != made.user_token, True)
    check("reset: of the same user", (reset.user_id, reset.user_email, reset.username), (made.user_id, EMAIL, "John"))
    check("reset: the app", (reset.app_code, reset.app_name, isinstance(reset.app_id, int)), (APP_ID, APP_ID, True))
    pushes = (reset.user_pn_android_configured, reset.user_pn_ios_configured)
    check("reset: no comments, no pushes", (reset.user_last_comment_id, *pushes), (0, False, False))
    check("profile: the new token", api.check_user_profile(EMAIL).user_token, reset.user_token)


def lists(base):
    """The package has no call for the list of users: this is the one it would make."""
    headers = {"QISCUS_SDK_APP_ID": APP_ID, "QISCUS_SDK_SECRET": SECRET}
    answer = requests.get(f"{base}/api/v2/rest/get_user_list", headers=headers, timeout=10)
    listed = answer.json()["results"]
    check("list", [user["email"] for user in listed["users"]], [EMAIL])
    check("list: how many", listed["meta"]["total_data"], 1)


def chats(base):
    api = client(base)
    api.login_or_register("jill", "Jill", "password")

    def opened(one, other):
        # The package overwrites its own object of the room; the whole answer is beside it.
        room = api.get_or_create_room_with_target(one, other)
        check("room: as the first user sees it", room.room_name, "Jill" if other == "jill" else "John")
        return json.loads(room.room_info_as_json)["results"]["room"]["id"]

    room_id = opened(EMAIL, "jill")
    check("room: one for each pair", opened("jill", EMAIL), room_id)
    number = str(room_id)

    sent = api.post_comment_text(EMAIL, number, "Hello")
    seen = (sent.comment_message, sent.comment_user_email, sent.comment_type, sent.comment_room_id)
    check("text: the message", seen, ("Hello", EMAIL, "text", room_id))
    card = '{"type": "promo", "content": {"date": "2017-09-09"}}'
    custom = api.post_comment_custom("jill", number, card)
    check("custom: its payload", custom.comment_payload, {"type": "promo", "content": {"date": "2017-09-09"}})
    check("custom: the message before it", custom.comment_before_id, sent.comment_id)
    event = api.post_system_event_message("custom", number, EMAIL)
    check("system event: its type", event.type, '"system_event"')

    page = api.load_comments(number, "1", "2").comments_info
    check("history: newest first", [one.comments_id for one in page], [int(event.comment_id), custom.comment_id])
    found = api.search_messages("jill", "hello", number).messages_info
    check("search", [one.message for one in found], ["Hello"])
    rooms = api.get_user_room_lists("jill")
    check("rooms: how many", (rooms.meta_total_room, len(rooms.rooms_info)), (1, 1))
    one = rooms.rooms_info[0]
    check("rooms: as the user sees it", (one.rooms_info_id, one.rooms_info_room_name), (room_id, "John"))
    check("rooms: unread", one.rooms_info_unread_count > 0, True)
    info = api.get_rooms_info("jill", [number]).rooms_info
    check("room by its id", [one.rooms_id for one in info], [room_id])


def is_refused(base):
    def said(answer):
        return answer.error_status_code, answer.error_message

    stranger = client(base, "wrong")
    for what, answer in [
        ("login", stranger.login_or_register(EMAIL, "Eve", "stolen")),
        ("profile", stranger.check_user_profile(EMAIL)),
        ("reset", stranger.reset_user_token(EMAIL)),
    ]:
        check(f"wrong secret: {what}", said(answer), (400, "Unauthorized"))
    check("wrong secret: nothing is changed", signs_in(base, "changed"), True)

    api = client(base)
    check("missing user: profile", said(api.check_user_profile("nobody")), (404, "User not found"))
    check("missing user: reset", said(api.reset_user_token("nobody")), (400, "Validation error"))
    check("no user: profile", said(api.check_user_profile("")), (400, "Validation error"))
    invalid = (400, "Validation error")
    check("a new group", said(api.create_room("Room", EMAIL, [EMAIL])), invalid)
    check("more members", said(api.add_room_participants("1", [EMAIL])), invalid)
    check("fewer members", said(api.remove_room_participants("1", [EMAIL])), invalid)
    check("another name of a room", said(api.update_room(EMAIL, "1", "Room")), invalid)
    check("a message to an unknown room", said(api.post_comment_text(EMAIL, "999", "Hello")), invalid)


def main(binary):
    with running(binary) as base:
        made = registers_and_logs_in(base)
        reads_and_resets(base, made)
        lists(base)
        chats(base)
        is_refused(base)


if __name__ == "__main__":
    main(sys.argv[1])
