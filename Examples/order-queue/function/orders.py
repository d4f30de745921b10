# SPDX-License-Identifier: Apache-2.0
"""The order worker: prices each order of its batch and says so. One kind of order breaks it."""

import json

PRICES = {"tea": 3, "coffee": 4, "honey": 7}


def handler(event, context):
    for record in event["Records"]:
        order = json.loads(record["body"])
        quantity = int(order["quantity"])
        total = quantity * PRICES[order["item"]]
        print(f"DONE order {order['id']}: {quantity} x {order['item']} = {total}")
