# SPDX-License-Identifier: Apache-2.0
"""What Schemathesis is told beside the description: how a calendar is sent."""

import schemathesis


@schemathesis.serializer("text/calendar")
def calendar(context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
