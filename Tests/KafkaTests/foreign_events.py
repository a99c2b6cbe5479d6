# SPDX-License-Identifier: Apache-2.0
"""Events as programs other than Punctual write them to its topics."""

import json
import uuid

BASE = {"version": "1.0", "timestamp": "2026-11-20T09:00:00Z"}


def envelope(data):
    return {
        "specversion": "1.0", "id": data["event_id"], "source": "somebody", "datacontenttype":
        "application/json", "type": f"punctual.{data['event_type']}", "data": data,
    }


def message(topic, data):
    """An event as another program may write it: bare, or in an envelope."""
    value = data if int(data["event_id"][-1], 16) % 2 else envelope(data)
    return topic, data["user_id"], json.dumps(value)


def completed(task, user, **more):
    return {**BASE, "event_id": str(uuid.uuid4()), "event_type": "completed", "task_id": task,
            "user_id": user, "task_data": None, **more}


def fired(number, user):
    return {
        **BASE, "event_id": str(uuid.uuid4()), "event_type": "reminder.due", "task_id": number,
        "user_id": user, "title": f"Reminder {number}", "due_at": None, "user_email": None,
        "remind_at": BASE["timestamp"], "nominal_time": BASE["timestamp"], "occurrence": 1,
    }
