"""Drives the sandbox exchange with python-binance: python_binance.py BASE_URL OPERATOR_TOKEN"""
import json
import sys
import time
import urllib.request

from binance.client import Client
from binance.exceptions import BinanceAPIException
from Crypto.PublicKey import ECC

base, token = sys.argv[1:3]


def operator(path, body):
    request = urllib.request.Request(
        base + path, data=json.dumps(body).encode(), method="POST",
        headers={"Content-Type": "application/json", "X-Sandbox-Operator": token})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def client(key, secret=None, private_key=None):
    made = Client(key, secret, private_key=private_key, ping=False)
    made.API_URL = base + "/api"
    made.MARGIN_API_URL = base + "/sapi"
    return made


def refused(code, text, call):
    try:
        call()
    except BinanceAPIException as error:
        assert error.code == code, (error.code, error.message, "expected", code)
        assert text in error.message, error.message
    else:
        raise AssertionError(f"not refused with {code}")


def story(me):
    assert me.ping() == {}
    assert abs(me.get_server_time()["serverTime"] - time.time() * 1000) < 5000
    filters = {f["filterType"] for f in me.get_symbol_info("BTCUSDT")["filters"]}
    assert {"PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "NOTIONAL", "MAX_NUM_ORDERS"} <= filters
    klines = me.get_klines(symbol="BTCUSDT", interval="1m", limit=5)
    assert len(klines) == 5 and all(len(k) == 12 for k in klines)
    book = me.get_order_book(symbol="BTCUSDT")
    assert float(book["bids"][0][0]) < float(book["asks"][0][0])

    order = me.order_market_buy(symbol="BTCUSDT", quantity="0.01", newClientOrderId="market-1")
    assert order["status"] == "FILLED" and order["executedQty"] == "0.01000000", order
    assert me.get_order(symbol="BTCUSDT", origClientOrderId="market-1")["orderId"] == order["orderId"]
    trades = me.get_my_trades(symbol="BTCUSDT", orderId=order["orderId"])
    assert sum(float(t["qty"]) for t in trades) == 0.01

    price = f"{float(me.get_symbol_ticker(symbol='BTCUSDT')['price']) * 0.5:.2f}"
    order = me.order_limit_buy(symbol="BTCUSDT", quantity="0.01", price=price)
    assert order["status"] == "NEW", order
    assert [o["orderId"] for o in me.get_open_orders(symbol="BTCUSDT")] == [order["orderId"]]
    assert float(me.get_asset_balance("USDT")["locked"]) > 0
    assert me.cancel_order(symbol="BTCUSDT", orderId=order["orderId"])["status"] == "CANCELED"
    assert me.get_order(symbol="BTCUSDT", orderId=order["orderId"])["status"] == "CANCELED"
    assert float(me.get_asset_balance("USDT")["locked"]) == 0
    assert len(me.get_all_orders(symbol="BTCUSDT")) == 2
    assert me.create_test_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01") == {}

    refused(-1013, "Filter failure: LOT_SIZE", lambda: me.order_market_buy(symbol="BTCUSDT", quantity="0.000001"))
    refused(-1121, "Invalid symbol.", lambda: me.order_market_buy(symbol="NOPE", quantity="1"))
    refused(-2011, "Unknown order sent.", lambda: me.cancel_order(symbol="BTCUSDT", orderId=order["orderId"]))
    refused(-2013, "Order does not exist.", lambda: me.get_order(symbol="BTCUSDT", orderId=999999))
    refused(-2010, "insufficient balance", lambda: me.order_market_sell(symbol="BTCUSDT", quantity="90"))
    me.timestamp_offset = -60_000
    refused(-1021, "outside of the recvWindow", me.get_account)
    me.timestamp_offset = 60_000
    refused(-1021, "1000ms ahead of the server's time", me.get_account)
    me.timestamp_offset = 0


account = operator("/sandbox/v1/accounts", {"balances": {"USDT": "10000"}})["accountId"]
hmac = operator(f"/sandbox/v1/accounts/{account}/keys", {"type": "hmac", "permissions": ["trade"], "label": "hmac"})
story(client(hmac["apiKey"], hmac["secretKey"]))
refused(-1022, "Signature for this request is not valid.", client(hmac["apiKey"], "wrong").get_account)
refused(-2015, "Invalid API-key, IP, or permissions for action.", client("A" * 64, "wrong").get_account)

account = operator("/sandbox/v1/accounts", {"balances": {"USDT": "10000"}})["accountId"]
pair = ECC.generate(curve="ed25519")
public = pair.public_key().export_key(format="PEM")
key = operator(f"/sandbox/v1/accounts/{account}/keys", {"type": "ed25519", "publicKey": public, "permissions": ["trade"]})["apiKey"]
story(client(key, private_key=pair.export_key(format="PEM")))
other = ECC.generate(curve="ed25519").export_key(format="PEM")
refused(-1022, "Signature for this request is not valid.", client(key, private_key=other).get_account)

reader = operator(f"/sandbox/v1/accounts/{account}/keys", {"type": "ed25519", "publicKey": public, "permissions": ["read"]})["apiKey"]
reading = client(reader, private_key=pair.export_key(format="PEM"))
reading.get_account()
refused(-2015, "Invalid API-key, IP, or permissions for action.", lambda: reading.order_market_buy(symbol="BTCUSDT", quantity="0.01"))
# What a key may do, as the client's own call for it reads it.
restrictions = reading.get_account_api_permissions()
assert restrictions["enableReading"] and not restrictions["enableSpotAndMarginTrading"], restrictions
assert not restrictions["ipRestrict"] and not restrictions["enableWithdrawals"], restrictions
assert abs(restrictions["createTime"] - time.time() * 1000) < 60000, restrictions
listed = operator(
    f"/sandbox/v1/accounts/{account}/keys",
    {"type": "hmac", "permissions": ["trade", "withdraw"], "ipAddresses": ["127.0.0.1", "::1"]})
restrictions = client(listed["apiKey"], listed["secretKey"]).get_account_api_permissions()
assert restrictions["ipRestrict"] and restrictions["enableWithdrawals"] and restrictions["enableSpotAndMarginTrading"], restrictions
elsewhere = operator(f"/sandbox/v1/accounts/{account}/keys", {"type": "hmac", "permissions": ["trade"], "ipAddresses": ["192.0.2.1"]})
elsewhere = client(elsewhere["apiKey"], elsewhere["secretKey"])
refused(-2015, "Invalid API-key, IP, or permissions for action.", elsewhere.get_account)
refused(-2015, "Invalid API-key, IP, or permissions for action.", elsewhere.get_account_api_permissions)
print("python-binance: all well")
