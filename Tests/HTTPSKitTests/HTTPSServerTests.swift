import AsyncHTTPClient
import HTTPSKit
import Hummingbird
import Logging
import MeshTLS
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@Suite("HTTPS server", .timeLimit(.minutes(1)))
struct HTTPSServerTests {
    private struct Greeting: Codable, Sendable { let firstName: String }

    private var router: Router<BasicAPIContext> {
        let router = Router(context: BasicAPIContext.self)
        router.add(middleware: SecurityHeaders())
        router.add(middleware: ErrorResponder())
        router.add(middleware: CrossOriginRules(allowed: ["https://console.example.org"]))
        router.add(middleware: BodyRules(maxBytes: 1000))
        router.post("/greet") { request, _ in
            let greeting = try await JSONBody.decode(Greeting.self, from: request)
            return try JSONBody.response(["hello": greeting.firstName])
        }
        router.get("/fail") { _, _ -> Response in throw CancellationError() }
        router.get("/wait") { _, _ -> Response in
            throw APIError(
                .tooManyRequests, code: "RESOURCE_EXHAUSTED", reason: "RATE_LIMITED", "Slow down, ann@example.org.", retryAfter: .milliseconds(1500))
        }
        router.get("/stream") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    for number in 0..<200 { try await writer.write(ByteBuffer(repeating: UInt8(number), count: 10_000)) }
                    try await writer.finish(nil)
                })
        }
        return router
    }

    private func post(_ server: TestServer, _ body: String, type: String = "application/json") async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: server.url("/greet"))
        request.method = .POST
        request.headers.add(name: "content-type", value: type)
        request.body = .bytes(ByteBuffer(string: body))
        return try await server.execute(request)
    }

    private func text(_ response: HTTPClientResponse) async throws -> String {
        String(buffer: try await response.body.collect(upTo: 100_000))
    }

    @Test("Answers JSON with a request id and security headers")
    func answers() async throws {
        try await TestServer.with(router) { (server) async throws in
            let response = try await post(server, #"{"first_name":"Ada"}"#)
            #expect(response.status == .ok)
            #expect(try await text(response) == #"{"hello":"Ada"}"#)
            #expect(response.headers.first(name: "x-request-id")?.wholeMatch(of: /[0-9a-f]{32}/) != nil)
            #expect(response.headers.first(name: "strict-transport-security") != nil)
            #expect(response.headers.first(name: "x-content-type-options") == "nosniff")
            #expect(response.headers.first(name: "cache-control") == "no-store")
            #expect(response.headers.first(name: "access-control-allow-origin") == nil)
        }
    }

    @Test("A body that is too large is refused, announced or not")
    func tooLarge() async throws {
        try await TestServer.with(router) { (server) async throws in
            #expect(try await post(server, String(repeating: " ", count: 1001)).status == .payloadTooLarge)
            var request = HTTPClientRequest(url: server.url("/greet"))
            request.method = .POST
            request.body = .stream([ByteBuffer(repeating: 32, count: 1001)].async, length: .unknown)
            #expect(try await server.execute(request).status == .payloadTooLarge)
        }
    }

    @Test("Anything but JSON is refused")
    func contentType() async throws {
        try await TestServer.with(router) { (server) async throws in
            #expect(try await post(server, "{}", type: "text/plain").status == .unsupportedMediaType)
            let malformed = try await post(server, "{")
            #expect(malformed.status == .badRequest)
            #expect(try await text(malformed).contains("MALFORMED_JSON"))
            let missing = try await post(server, "{}")
            #expect(try await text(missing).contains("The field first_name is missing or of the wrong type."))
        }
    }

    @Test("Unknown paths and failures are JSON that gives nothing away")
    func errors() async throws {
        try await TestServer.with(router) { (server) async throws in
            let unknown = try await server.execute(HTTPClientRequest(url: server.url("/nothing")))
            #expect(unknown.status == .notFound)
            let id = try #require(unknown.headers.first(name: "x-request-id"))
            #expect(
                try await text(unknown) == #"{"error":{"code":"NOT_FOUND","message":"There is nothing here.","request_id":"\#(id)"}}"#)
            let failed = try await server.execute(HTTPClientRequest(url: server.url("/fail")))
            #expect(failed.status == .internalServerError)
            #expect(try await text(failed).contains("Cancellation") == false)
            let slow = try await server.execute(HTTPClientRequest(url: server.url("/wait")))
            #expect(slow.status == .tooManyRequests)
            #expect(slow.headers.first(name: "retry-after") == "2")
            #expect(try await text(slow).contains("Slow down, [redacted]."))
        }
    }

    @Test("Other origins are refused, named ones are not")
    func origins() async throws {
        try await TestServer.with(router) { (server) async throws in
            var request = HTTPClientRequest(url: server.url("/stream"))
            request.headers.add(name: "origin", value: "https://evil.example.org")
            #expect(try await server.execute(request).status == .forbidden)
            request.headers.replaceOrAdd(name: "origin", value: "null")
            #expect(try await server.execute(request).status == .forbidden)
            request.headers.replaceOrAdd(name: "origin", value: "https://console.example.org")
            request.method = .OPTIONS
            let preflight = try await server.execute(request)
            #expect(preflight.status == .noContent)
            #expect(preflight.headers.first(name: "access-control-allow-origin") == "https://console.example.org")
        }
    }

    @Test("A long streamed answer arrives whole")
    func stream() async throws {
        try await TestServer.with(router) { (server) async throws in
            let response = try await server.execute(HTTPClientRequest(url: server.url("/stream")))
            let body = try await response.body.collect(upTo: 3_000_000)
            #expect(body.readableBytes == 2_000_000)
            #expect(body.getInteger(at: 1_999_999, as: UInt8.self) == 199)
        }
    }

    @Test("A client that sends its request too slowly is cut off")
    func slowRequest() async throws {
        try await TestServer.with(router, limits: HTTPSLimits(requestTimeout: .milliseconds(200))) { (server) async throws in
            var request = HTTPClientRequest(url: server.url("/greet"))
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            let (never, end) = AsyncStream.makeStream(of: ByteBuffer.self)
            request.body = .stream(never, length: .known(Int64(500)))
            await #expect(throws: (any Error).self) { try await server.execute(request) }
            end.finish()
        }
    }

    @Test("A port that is taken is an error for whoever waits for the port")
    func portTaken() async throws {
        try await TestServer.with(router) { (server) async throws in
            let files = try ServerFiles()
            let second = HTTPSServer(
                responder: router.buildResponder(), host: "127.0.0.1", port: server.port,
                tls: try .httpsServer(certificateChainPath: files.certificate, privateKeyPath: files.key),
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: .init(label: "test"))
            let run = Task { try await second.run() }
            await #expect(throws: (any Error).self) { try await second.port() }
            await #expect(throws: (any Error).self) { try await run.value }
        }
    }
}

extension Array where Element: Sendable {
    fileprivate var async: AsyncStream<Element> {
        AsyncStream { continuation in
            for element in self { continuation.yield(element) }
            continuation.finish()
        }
    }
}
