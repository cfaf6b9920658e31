import MeshCall
import NIOCore
import Synchronization
import TestSupport
import Testing

struct CallTests {
    @Test("a unary call brings the handler's reply")
    func unary() async throws {
        let channel = TestService.server([TestService.echo]).channel(as: TestService.gateway)
        #expect(try await channel.call("Echo", "hello") == "hello")
        #expect(try await channel.call("Echo", "") == "")
    }

    @Test("a thousand calls at once on one connection each get their own reply")
    func concurrent() async throws {
        let channel = TestService.server([TestService.echo]).channel(as: TestService.gateway)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<1000 {
                group.addTask {
                    let reply = try await channel.call("Echo", "\(number)")
                    #expect(reply == "\(number)")
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("a stream brings its messages in order, empty ones too, and ends")
    func serverStreaming() async throws {
        let method = TestService.streaming("Count") { _, sink, _ in
            for number in 0..<500 { try await sink.send(ByteBuffer(string: number.isMultiple(of: 7) ? "" : "\(number)")) }
        }
        let channel = TestService.server([method]).channel(as: TestService.gateway)
        var received: [String] = []
        for try await message in try await channel.stream("Count") { received.append(String(buffer: message)) }
        #expect(received == (0..<500).map { $0.isMultiple(of: 7) ? "" : "\($0)" })
    }

    @Test("a handler's error carries code, message, reason, retry time and trailers")
    func errors() async throws {
        let method = TestService.unary("Fail") { _, context in
            context.response.trailing = ["hint": "later"]
            throw RPCError(.failedPrecondition, "Not now.", reason: "NOT_NOW", retryAfter: .milliseconds(1500), trailers: ["more": "x"])
        }
        let channel = TestService.server([method]).channel(as: TestService.gateway)
        let failed = await failure { try await channel.call("Fail") }
        let error = try #require(failed)
        #expect(error.code == .failedPrecondition)
        #expect(error.message == "Not now.")
        #expect(error.reason == "NOT_NOW")
        #expect(error.retryAfter == .milliseconds(1500))
        #expect(error.trailers["hint"] == "later")
        #expect(error.trailers["more"] == "x")
    }

    @Test("an error in the middle of a stream comes after the messages before it")
    func errorMidStream() async throws {
        let method = TestService.streaming("Break") { _, sink, _ in
            for number in 0..<3 { try await sink.send(ByteBuffer(string: "\(number)")) }
            throw RPCError(.dataLoss, "It broke.")
        }
        let channel = TestService.server([method]).channel(as: TestService.gateway)
        var received: [String] = []
        let error = await failure {
            for try await message in try await channel.stream("Break") { received.append(String(buffer: message)) }
        }
        #expect(received == ["0", "1", "2"])
        #expect(error?.code == .dataLoss)
    }

    @Test("what a handler throws that is no RPCError stays in the log")
    func unhandledError() async throws {
        struct SecretError: Error {}
        let log = LogRecorder()
        let channel = TestService.server([TestService.unary("Fail") { _, _ in throw SecretError() }], log: log)
            .channel(as: TestService.gateway)
        let failed = await failure { try await channel.call("Fail") }
        let error = try #require(failed)
        #expect(error.code == .internalError)
        #expect(!error.message.contains("Secret"))
        #expect(log.lines.contains { $0.contains("SecretError") && $0.contains("method=/test.v1.Test/Fail") })
    }

    @Test("an unknown method and an unknown service are UNIMPLEMENTED")
    func unknownMethod() async throws {
        let channel = TestService.server([TestService.echo]).channel(as: TestService.gateway)
        let unimplementedError = await failure { try await channel.call("Nothing") }
        #expect(unimplementedError?.code == .unimplemented)
        let other = MethodDescriptor(service: "other.v1.Other", name: "Echo", kind: .unary, policy: TestService.open)
        let error = await failure { try await channel.unary(other, ByteBuffer(), options: CallOptions()) }
        #expect(error?.code == .unimplemented)
    }

    @Test("metadata travels both ways, in order, and trailers come with the reply")
    func metadata() async throws {
        let method = TestService.unary("Mirror") { message, context in
            var initial = Metadata()
            for value in context.metadata.values(for: "colour") { initial.append(value, for: "colour-back") }
            context.response.initial = initial
            context.response.trailing = ["cost": "7"]
            return message
        }
        let channel = TestService.server([method]).channel(as: TestService.gateway)
        var sent = Metadata()
        sent.append("red", for: "Colour")
        sent.append("blau-grün", for: "colour")
        let reply = try await channel.unary(
            TestService.descriptor("Mirror"), ByteBuffer(string: "x"), options: CallOptions(metadata: sent))
        #expect(reply.metadata.values(for: "colour-back") == ["red", "blau-grün"])
        #expect(reply.trailers["cost"] == "7")
    }

    @Test("a stream's metadata is there with its first message, its trailers at its end")
    func streamMetadata() async throws {
        let method = TestService.streaming("Count") { _, sink, context in
            context.response.initial = ["begins": "yes"]
            try await sink.send(ByteBuffer(string: "1"))
            context.response.trailing = ["ends": "yes"]
        }
        let replies = try await TestService.server([method]).channel(as: TestService.gateway).stream("Count")
        var messages = replies.makeAsyncIterator()
        #expect(try await messages.next() != nil)
        #expect(replies.metadata["begins"] == "yes")
        #expect(try await messages.next() == nil)
        #expect(replies.trailers["ends"] == "yes")
    }

    @Test("a request and a reply of nearly 4 MiB are fragmented and arrive whole")
    func longMessages() async throws {
        let channel = TestService.server([TestService.echo]).channel(as: TestService.gateway)
        var message = ByteBuffer()
        for block in 0..<1023 { message.writeRepeatingByte(UInt8(truncatingIfNeeded: block), count: 4096 + block % 2) }
        let reply = try await channel.unary(TestService.descriptor("Echo"), message, options: CallOptions())
        #expect(reply.message == message)
    }

    @Test("a stream of long messages passes a window shorter than each of them")
    func longStreamMessages() async throws {
        let method = TestService.streaming("Long") { _, sink, _ in
            for number in 0..<4 { try await sink.send(ByteBuffer(repeating: UInt8(number), count: 3 << 20)) }
        }
        let channel = TestService.server([method]).channel(as: TestService.gateway)
        var count = 0
        for try await message in try await channel.stream("Long") {
            #expect(message == ByteBuffer(repeating: UInt8(count), count: 3 << 20))
            count += 1
        }
        #expect(count == 4)
    }

    @Test("a reply longer than a message may be is RESOURCE_EXHAUSTED and the connection lives on")
    func tooLongReply() async throws {
        let method = TestService.unary("Huge") { _, _ in ByteBuffer(repeating: 1, count: 5 << 20) }
        let channel = TestService.server([method, TestService.echo]).channel(as: TestService.gateway)
        let resourceExhaustedError = await failure { try await channel.call("Huge") }
        #expect(resourceExhaustedError?.code == .resourceExhausted)
        #expect(try await channel.call("Echo", "still here") == "still here")
    }

    @Test("a request longer than a message may be is refused before it is sent")
    func tooLongRequest() async throws {
        let channel = TestService.server([TestService.echo]).channel(as: TestService.gateway)
        let error = await failure {
            try await channel.unary(TestService.descriptor("Echo"), ByteBuffer(repeating: 1, count: 5 << 20), options: CallOptions())
        }
        #expect(error?.code == .resourceExhausted)
        #expect(try await channel.call("Echo", "still here") == "still here")
    }

    @Test("a method called as another kind than it is, is UNIMPLEMENTED and the connection lives on")
    func wrongKind() async throws {
        let count = TestService.streaming("Count") { _, sink, _ in try await sink.send(ByteBuffer()) }
        let log = LogRecorder()
        let channel = TestService.server([TestService.echo, count], log: log).channel(as: TestService.gateway)
        let unary = await failure { try await channel.call("Count") }
        #expect(unary?.reason == "WRONG_KIND")
        let stream = await failure { for try await _ in try await channel.stream("Echo") {} }
        #expect(stream?.reason == "WRONG_KIND")
        #expect(try await channel.call("Echo", "still here") == "still here")
        let refused = log.lines.filter { $0.contains("call refused") && $0.contains("reason=WRONG_KIND") && $0.contains("peer=gateway") }
        #expect(refused.count == 2)
        #expect(refused.first?.contains("method=/test.v1.Test/Count") == true)
    }

    @Test("short requests begun beside long ones reach the server with increasing ids")
    func mixedLengths() async throws {
        let channel = TestService.server([TestService.echo]).channel(as: TestService.gateway)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let request = String(repeating: "x", count: number.isMultiple(of: 3) ? 100_000 : 10)
                    let reply = try await channel.call("Echo", request)
                    #expect(reply.utf8.count == request.utf8.count)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("each entry of metadata costs 32 bytes beside its own")
    func metadataEntries() async throws {
        let channel = TestService.server([TestService.echo]).channel(as: TestService.gateway)
        var options = CallOptions()
        for _ in 0..<490 { options.metadata.append("", for: "k") }
        #expect(try await channel.call("Echo", "fits", options: options) == "fits")
        for _ in 0..<10 { options.metadata.append("", for: "k") }
        #expect(await failure { try await channel.call("Echo", options: options) }?.reason == "METADATA_TOO_LONG")
    }

    @Test("a status message is cut at 1024 bytes, not inside a character")
    func longStatusMessage() async throws {
        let method = TestService.unary("Fail") { _, _ in throw RPCError(.aborted, "a" + String(repeating: "é", count: 1024)) }
        let channel = TestService.server([method]).channel(as: TestService.gateway)
        let error = await failure { try await channel.call("Fail") }
        #expect(error?.message == "a" + String(repeating: "é", count: 511))
    }

    @Test("response metadata that is too long fails every message, not only the first")
    func longResponseMetadata() async throws {
        let method = TestService.streaming("Long") { _, sink, context in
            context.response.initial = ["k": String(repeating: "v", count: 20_000)]
            try? await sink.send(ByteBuffer(string: "first"))
            try await sink.send(ByteBuffer(string: "second"))
        }
        let channel = TestService.server([method]).channel(as: TestService.gateway)
        var reader = try await channel.stream("Long").makeAsyncIterator()
        #expect(await failure { try await reader.next() }?.reason == "METADATA_TOO_LONG")
    }
}
