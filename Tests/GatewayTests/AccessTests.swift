@testable import Gateway
import Hummingbird
import ServiceAPI
import Testing

@Suite("Who gets in", .timeLimit(.minutes(1)))
struct AccessTests {
    @Test("Without a valid access token nothing of a person is reached", arguments: [nil, "nonsense", "agent:ada", "signoff:ada:00"])
    func token(_ token: String?) async throws {
        let gateway = TestGateway()
        try await gateway.test { (client) async throws in
            for path in ["/v1/proposals", "/v1/proposals/p1", "/v1/orders", "/v1/portfolio", "/v1/audit/records"] {
                let answer = try await client.get(path, token: token)
                #expect(answer.status == 401, "\(path)")
                #expect(answer.header("www-authenticate") == "Bearer")
                #expect(answer.error["code"] == "UNAUTHENTICATED")
                #expect(answer.error["request_id"] == answer.header("x-request-id"))
            }
            for path in [
                "/v1/admin/verifications", "/v1/admin/verifications/withdraw",
                "/v1/chat", "/v1/proposals/p1/sign", "/v1/proposals/p1/reject", "/v1/exchange-keys", "/v1/exchange-keys/k/activate",
                "/v1/exchange-keys/revoke", "/v1/read-keys/revoke",
            ] {
                #expect(try await client.post(path, "{}", token: token).status == 401, "\(path)")
            }
        }
        #expect(gateway.seen.methods.isEmpty)
    }

    @Test("An admin records a verification, and takes it back, with a code")
    func verification() async throws {
        let gateway = TestGateway()
        try await gateway.test { (client) async throws in
            let body = #"{"email":"a@b.c","reason":"case 1","code":"123456"}"#
            let recorded = try await client.post("/v1/admin/verifications", body, token: "access:admin")
            #expect(recorded.text == #"{"user_id":"a@b.c case 1","verified_at":7}"#)
            let withdrawn = try await client.post("/v1/admin/verifications/withdraw", body, token: "access:admin")
            #expect(withdrawn.text == #"{"user_id":"a@b.c case 1","verified_at":0}"#)
            let wrong = try await client.post(
                "/v1/admin/verifications", #"{"email":"a@b.c","reason":"case 1","code":"1"}"#, token: "access:admin")
            #expect(wrong.status == 403 && wrong.error["reason"] == "INVALID_CODE")
            #expect(try await client.post("/v1/admin/verifications", body).error["reason"] == "SCOPE_REQUIRED")
            #expect(try await client.post("/v1/admin/verifications", "{}", token: "access:admin").status == 400)
        }
    }

    @Test("Refusals reach the audit log, with the route and without the token")
    func audited() async throws {
        let gateway = TestGateway()
        try await gateway.test { (client) async throws in
            let answer = try await client.get("/v1/proposals/p1", token: "nonsense")
            for await record in gateway.records {
                #expect(record.action == "api.refused")
                #expect(record.reason == "TOKEN_INVALID")
                #expect(record.object == "/v1/proposals/{id}" || record.object.contains("proposals"))
                #expect(record.requestId == answer.header("x-request-id"))
                #expect(record.source == "gateway")
                break
            }
        }
    }

    @Test("Signing up, confirming, signing in and out need no token")
    func accounts() async throws {
        try await TestGateway().test { (client) async throws in
            let signUp = try await client.post("/v1/sign-up", #"{"email":"a@b.c","password":"long enough password"}"#, token: nil)
            #expect(signUp.status == 201)
            #expect((signUp.json["totp"] as? [String: String])?["secret"] == "JBSWY3DP")
            let short = try await client.post("/v1/sign-up", #"{"email":"a@b.c","password":"x"}"#, token: nil)
            #expect(short.status == 400)
            #expect(short.error["reason"] == "PASSWORD_SHORT")
            let credentials = #"{"email":"a@b.c","password":"p","code":"123456"}"#
            #expect(try await client.post("/v1/totp/confirm", credentials, token: nil).status == 200)
            let session = try await client.post("/v1/sign-in", credentials, token: nil)
            #expect(session.json["access_token"] as? String == "access:ada")
            #expect(session.json["access_expires_in"] as? Int == 300)
            #expect(session.header("cache-control") == "no-store")
            let wrong = try await client.post("/v1/sign-in", #"{"email":"a@b.c","password":"p","code":"0"}"#, token: nil)
            #expect(wrong.status == 401)
            #expect(try await client.post("/v1/refresh", #"{"refresh_token":"r"}"#, token: nil).status == 200)
            #expect(try await client.post("/v1/sign-out", #"{"refresh_token":"r"}"#, token: nil).text == "{}")
        }
    }

    @Test("Other web origins are refused, named ones are not")
    func origins() async throws {
        try await TestGateway(allowedOrigins: ["https://console.example.org"]).test { (client) async throws in
            #expect(try await client.get("/v1/orders", headers: [.origin: "https://evil.example.org"]).status == 403)
            let allowed = try await client.get("/v1/orders", headers: [.origin: "https://console.example.org"])
            #expect(allowed.status == 200)
            #expect(allowed.header("access-control-allow-origin") == "https://console.example.org")
            #expect(allowed.header("vary") == "Origin")
        }
    }

    @Test("Large bodies, other content types, unknown paths and malformed input are refused in JSON")
    func badRequests() async throws {
        try await TestGateway().test { (client) async throws in
            let large = try await client.post("/v1/chat", #"{"text":"\#(String(repeating: "x", count: 65_536))"}"#)
            #expect(large.status == 413)
            #expect(large.error["reason"] == "BODY_TOO_LARGE")
            let type = try await client.post("/v1/chat", "{}", headers: [.contentType: "text/plain"])
            #expect(type.status == 415)
            #expect(try await client.get("/nothing").error["code"] == "NOT_FOUND")
            #expect(try await client.get("/v1/nothing").status == 404)
            #expect(try await client.get("/v1/orders?limit=many").status == 400)
            #expect(try await client.get("/v1/orders?limit=201").error["message"] == "limit is at most 200.")
            #expect(try await client.post("/v1/chat", #"{"text":1}"#).error["reason"] == "MALFORMED_JSON")
        }
    }

    @Test("Portfolio, orders, exchange keys and audit records come as JSON")
    func reads() async throws {
        try await TestGateway().test { (client) async throws in
            let portfolio = try await client.get("/v1/portfolio")
            #expect(portfolio.text == #"{"balances":[{"asset":"BTC","free":"0.5","locked":"0"}],"time_ms":3}"#)
            #expect(try await client.get("/v1/orders").text == #"{"orders":[]}"#)
            #expect(try await client.post("/v1/exchange-keys", "{}").text == #"{"key_id":"k1","public_key_pem":"PEM"}"#)
            #expect(try await client.post("/v1/exchange-keys/k1/activate", #"{"api_key":"a"}"#).status == 200)
            #expect(try await client.post("/v1/read-keys", "{}").text == #"{"key_id":"r1","public_key_pem":"PEM"}"#)
            let linked = try await client.post("/v1/read-keys/r1/activate", #"{"api_key":"a"}"#)
            #expect(linked.text == #"{"not_checked":["whether the key may withdraw or transfer"]}"#)
            let revoked = try await client.post("/v1/exchange-keys/revoke", "{}")
            #expect(revoked.text == #"{"key_ids":["k1"],"notes":["Order o was cancelled."]}"#)
            #expect(try await client.post("/v1/read-keys/revoke", #"{"reason":"lost"}"#).text == #"{"key_ids":["lost"],"notes":[]}"#)
            // Whoever has a key for reading is read with that.
            let read = try await client.get("/v1/portfolio", token: "access:eve")
            #expect(read.text == #"{"balances":[{"asset":"BTC","free":"3","locked":"0"}],"time_ms":7}"#)
            #expect(
                try await client.get("/v1/audit/records?limit=5").text
                    == #"{"checkpoint":{"note":"note","verifier_key":"key"},"records":[{"index":7,"proof":["Aw=="],"record_base64":"AQI="}]}"#
            )
            #expect(try await client.get("/healthz", token: nil).text == #"{"status":"ok"}"#)
            let proposals = try await client.get("/v1/proposals")
            #expect(proposals.text.contains(#""provenance":"USER""#))
            #expect(proposals.text.contains(#""needs_second_factor":false"#))
        }
    }
}
