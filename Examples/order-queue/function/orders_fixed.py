# SPDX-License-Identifier: Apache-2.0
"""The order worker after the fix: it also reads quantities that people wrote as words."""

import json

PRICES = {"tea": 3, "coffee": 4, "honey": 7}
WORDS = {"one": 1, "two": 2, "three": 3, "a dozen": 12}


def handler(event, context):
    for record in event["Records"]:
        order = json.loads(record["body"])
        quantity = WORDS.get(order["quantity"]) or int(order["quantity"])
        total = quantity * PRICES[order["item"]]
        print(f"DONE order {order['id']}: {quantity} x {order['item']} = {total}")
