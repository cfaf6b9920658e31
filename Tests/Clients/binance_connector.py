"""Drives the sandbox exchange with binance-connector: binance_connector.py BASE_URL OPERATOR_TOKEN"""
import json
import sys
import urllib.request

from binance.error import ClientError
from binance.spot import Spot
from Crypto.PublicKey import ECC

base, token = sys.argv[1:3]


def operator(path, body):
    request = urllib.request.Request(
        base + path, data=json.dumps(body).encode(), method="POST",
        headers={"Content-Type": "application/json", "X-Sandbox-Operator": token})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def refused(code, text, call):
    try:
        call()
    except ClientError as error:
        assert error.error_code == code, (error.error_code, error.error_message, "expected", code)
        assert text in error.error_message, error.error_message
    else:
        raise AssertionError(f"not refused with {code}")


def story(me):
    me.ping()
    assert me.time()["serverTime"] > 0
    assert me.exchange_info(symbols=["BTCUSDT", "ETHUSDT"])["symbols"][1]["symbol"] == "ETHUSDT"
    assert len(me.klines("BTCUSDT", "1h", limit=3)) == 3
    assert me.book_ticker(symbol="BTCUSDT")["symbol"] == "BTCUSDT"
    assert {t["symbol"] for t in me.ticker_price()} == {"BTCUSDT", "ETHUSDT"}
    bought = me.new_order("ETHUSDT", "BUY", "MARKET", quoteOrderQty=500, newClientOrderId="spend-500")
    assert bought["status"] == "FILLED" and float(bought["cummulativeQuoteQty"]) <= 500, bought
    assert me.get_order("ETHUSDT", origClientOrderId="spend-500")["orderId"] == bought["orderId"]
    price = round(float(me.ticker_price("ETHUSDT")["price"]) * 2, 2)
    asked = me.new_order("ETHUSDT", "SELL", "LIMIT", quantity="0.05", price=price, timeInForce="GTC", newOrderRespType="RESULT")
    assert asked["status"] == "NEW" and "fills" not in asked
    assert len(me.get_open_orders("ETHUSDT")) == 1
    assert me.cancel_open_orders("ETHUSDT")[0]["status"] == "CANCELED"
    assert me.get_open_orders("ETHUSDT") == []
    assert len(me.my_trades("ETHUSDT")) >= 1
    assert "ETH" in {b["asset"] for b in me.account(omitZeroBalances="true")["balances"]}
    refused(-1013, "Filter failure: LOT_SIZE", lambda: me.new_order("ETHUSDT", "BUY", "MARKET", quantity="0.00001"))
    refused(-1013, "Filter failure: PRICE_FILTER", lambda: me.new_order("ETHUSDT", "BUY", "LIMIT", quantity=1, price="1000.001", timeInForce="GTC"))
    refused(-1013, "Filter failure: NOTIONAL", lambda: me.new_order("ETHUSDT", "BUY", "LIMIT", quantity="0.0001", price="1000", timeInForce="GTC"))
    refused(-1102, "Mandatory parameter 'price'", lambda: me.new_order("ETHUSDT", "BUY", "LIMIT", quantity=1, timeInForce="GTC"))
    refused(-1115, "Invalid timeInForce.", lambda: me.new_order("ETHUSDT", "BUY", "LIMIT", quantity=1, price=1000, timeInForce="SOON"))
    refused(-1116, "Invalid orderType.", lambda: me.new_order("ETHUSDT", "BUY", "BEST", quantity=1))
    refused(-1117, "Invalid side.", lambda: me.new_order("ETHUSDT", "HOLD", "MARKET", quantity=1))
    refused(-1104, "Not all sent parameters were read", lambda: me.account(nonsense=1))


account = operator("/sandbox/v1/accounts", {"balances": {"USDT": "10000"}})["accountId"]
hmac = operator(f"/sandbox/v1/accounts/{account}/keys", {"type": "hmac", "permissions": ["read", "trade"]})
story(Spot(hmac["apiKey"], hmac["secretKey"], base_url=base))
refused(-1022, "Signature for this request is not valid.", Spot(hmac["apiKey"], "wrong", base_url=base).account)

account = operator("/sandbox/v1/accounts", {"balances": {"USDT": "10000"}})["accountId"]
pair = ECC.generate(curve="ed25519")
public = pair.public_key().export_key(format="PEM")
private = pair.export_key(format="PEM")
key = operator(f"/sandbox/v1/accounts/{account}/keys", {"type": "ed25519", "publicKey": public, "permissions": ["trade"]})["apiKey"]
story(Spot(key, base_url=base, private_key=private))
print("binance-connector: all well")
