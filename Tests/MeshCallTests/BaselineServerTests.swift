import MeshCall
import MeshMessages
import MeshWire
import NIOCore
import TestSupport
import Testing

/// What a stock ttrpc client sees of our server, byte for byte.
@Suite(.timeLimit(.minutes(1)))
struct BaselineServerTests {
    private func request(
        _ id: UInt32, _ method: String, _ payload: [UInt8] = [], flags: FrameFlags = [], timeoutNano: Int64 = 0
    ) throws -> [UInt8] {
        let data = try MeshV1.Request(service: TestService.name, method: method, payload: payload, timeoutNano: timeoutNano).packed()
        return FrameHeader(length: UInt32(data.count), streamID: id, type: .request, flags: flags).with(data)
    }

    private func response(_ frame: (header: FrameHeader, data: [UInt8])?) throws -> MeshV1.Response {
        let frame = try #require(frame)
        #expect(frame.header.type == .response)
        #expect(frame.header.flags == [])
        return try MeshV1.Response(packed: frame.data)
    }

    @Test("a unary reply has no status, no trailers and no flags, and no frame stands before it")
    func unary() async throws {
        let method = TestService.unary("Mirror") { message, context in
            context.response.initial = ["a": "b"]
            context.response.trailing = ["c": "d"]
            return message
        }
        let link = WireLink([method], mode: .baseline)
        link.write(try request(1, "Mirror", [7, 8]))
        let frame = try #require(await link.read())
        // Field 2, length 2, the payload.
        #expect(frame.header == FrameHeader(length: 4, streamID: 1, type: .response))
        #expect(frame.data == [0x12, 2, 7, 8])
    }

    @Test("a stream of messages ends with an empty Data frame that closes, never with an OK Response")
    func stream() async throws {
        let method = TestService.streaming("Count") { _, sink, _ in
            try await sink.send(ByteBuffer(bytes: [1]))
            try await sink.send(ByteBuffer())
        }
        let link = WireLink([method], mode: .baseline)
        link.write(try request(1, "Count", flags: .remoteClosed))
        #expect(try #require(await link.read()).header == FrameHeader(length: 1, streamID: 1, type: .data))
        #expect(try #require(await link.read()).header == FrameHeader(length: 0, streamID: 1, type: .data))
        let end = FrameHeader(length: 0, streamID: 1, type: .data, flags: [.remoteClosed, .noData])
        #expect(try #require(await link.read()).header == end)
        // The id is free of the stream: Data on it is answered, not delivered.
        link.write(FrameHeader(length: 0, streamID: 1, type: .data).encoded)
        #expect(try response(await link.read()).status?.code == 3)
    }

    @Test("a stream that fails ends with a Response")
    func failingStream() async throws {
        let method = TestService.streaming("Fail") { _, _, _ in throw RPCError(.dataLoss, "gone") }
        let link = WireLink([method], mode: .baseline)
        link.write(try request(1, "Fail", flags: .remoteClosed))
        let answer = try response(await link.read())
        #expect(answer.status?.code == 15)
        #expect(answer.status?.message == "gone")
    }

    @Test("Data on a unary call, an even id, a used id and garbage in a Request are answered, and the connection lives on")
    func traps() async throws {
        let hang = TestService.unary("Hang") { message, _ in
            await untilCancelled()
            return message
        }
        let link = WireLink([TestService.echo, hang], mode: .baseline)
        link.write(try request(1, "Hang"))
        for flags in [FrameFlags(), [.remoteClosed, .noData]] {
            link.write(FrameHeader(length: 0, streamID: 1, type: .data, flags: flags).encoded)
            #expect(try response(await link.read()).status?.code == 3)
        }
        link.write(try request(2, "Echo"))
        #expect(try response(await link.read()).status?.code == 3)
        link.write(try request(1, "Echo"))
        #expect(try response(await link.read()).status?.code == 3)
        link.write(FrameHeader(length: 2, streamID: 3, type: .request).with([0xff, 0xff]))
        #expect(try response(await link.read()).status?.code == 3)
        link.write(try request(5, "Nothing"))
        #expect(try response(await link.read()).status?.code == 12)
        link.write(FrameHeader(length: 4, streamID: 7, type: .settings).with([1, 2, 3, 4]))
        link.write(try request(7, "Echo", [1]))
        #expect(try response(await link.read()).payload == [1])
    }

    @Test("a unary call that announced messages is refused and cancelled with the first one")
    func announcedMessages() async throws {
        let cancelled = Signal()
        let hang = TestService.unary("Hang") { message, _ in
            await untilCancelled()
            cancelled.raise()
            return message
        }
        let link = WireLink([TestService.echo, hang], mode: .baseline)
        link.write(try request(1, "Hang", flags: .remoteOpen))
        link.write(FrameHeader(length: 1, streamID: 1, type: .data).with([1]))
        #expect(try response(await link.read()).status?.code == 3)
        await cancelled.wait()
        // That there are none after all is no error.
        link.write(try request(3, "Hang", flags: .remoteOpen))
        link.write(FrameHeader(length: 0, streamID: 3, type: .data, flags: [.remoteClosed, .noData]).encoded)
        link.write(try request(5, "Echo", [1]))
        #expect(try response(await link.read()).payload == [1])
        link.hangUp()
    }

    @Test(
        "a method whose client streams takes messages, whatever its Request's flags say; only who says that he sends none is not waited for",
        arguments: [[], .remoteOpen, [.remoteOpen, .noData], .remoteClosed] as [FrameFlags])
    func flagsOfStream(_ flags: FrameFlags) async throws {
        let collect = MethodImplementation(
            TestService.descriptor("Collect", .clientStreaming),
            .clientStreaming { requests, _ in
                var all = ByteBuffer()
                for try await var message in requests { all.writeBuffer(&message) }
                return all
            })
        let link = WireLink([collect], mode: .baseline)
        // The first message in the Request itself, as stock clients may send it.
        var bytes = try request(1, "Collect", [2], flags: flags)
        if flags != .remoteClosed {
            bytes += FrameHeader(length: 1, streamID: 1, type: .data).with([1])
            bytes += FrameHeader(length: 0, streamID: 1, type: .data, flags: [.remoteClosed, .noData]).encoded
        }
        link.write(bytes)
        #expect(try response(await link.read()).payload == (flags == .remoteClosed ? [2] : [2, 1]))
        link.hangUp()
    }

    @Test("a refused message's text says why: the method takes one only, or its caller has said that none follows; without flag 01 too")
    func textOfRefusedMessage() async throws {
        let methods = [MethodDescriptor.Kind.serverStreaming, .clientStreaming].map { kind in
            let hang: @Sendable () async -> ByteBuffer = {
                await untilCancelled()
                return ByteBuffer()
            }
            return kind == .serverStreaming
                ? MethodImplementation(TestService.descriptor("Count", kind), .serverStreaming { _, _, _ in _ = await hang() })
                : MethodImplementation(TestService.descriptor("Sum", kind), .clientStreaming { _, _ in await hang() })
        }
        let link = WireLink(methods, mode: .baseline)
        let one = "The method takes one message, which its Request brings.", last = "The caller has said that it sends no more messages."
        let cases = [("Count", FrameFlags(), one), ("Count", .remoteClosed, one), ("Count", .remoteOpen, one), ("Sum", .remoteClosed, last)]
        for (number, (method, flags, text)) in cases.enumerated() {
            let id = UInt32(number * 2 + 1)
            link.write(try request(id, method, flags: flags))
            link.write(FrameHeader(length: 1, streamID: id, type: .data).with([1]))
            let status = try #require(response(await link.read()).status)
            #expect(status.code == 3 && status.message == text, "\(method) \(flags)")
        }
        link.hangUp()
    }

    @Test("a used id does not touch the call that runs under it")
    func usedIDOfRunningCall() async throws {
        let goOn = Signal()
        let method = TestService.streaming("Wait") { _, sink, _ in
            await goOn.wait()
            try await sink.send(ByteBuffer(bytes: [1]))
        }
        let link = WireLink([method], mode: .baseline)
        link.write(try request(1, "Wait", flags: .remoteClosed))
        link.write(try request(1, "Wait", flags: .remoteClosed))
        #expect(try response(await link.read()).status?.code == 3)
        goOn.raise()
        #expect(try #require(await link.read()).header == FrameHeader(length: 1, streamID: 1, type: .data))
        #expect(try #require(await link.read()).header.flags == [.remoteClosed, .noData])
    }

    @Test("a frame above 4 MiB is skipped and answered with status 8, and its id can still be used")
    func oversized() async throws {
        let link = WireLink([TestService.echo], mode: .baseline)
        link.write(FrameHeader(length: 5 << 20, streamID: 1, type: .request).encoded)
        for _ in 0..<5 { link.write(Array(repeating: 0, count: 1 << 20)) }
        #expect(try response(await link.read()).status?.code == 8)
        link.write(try request(1, "Echo", [1]))
        #expect(try response(await link.read()).payload == [1])
    }

    @Test("a reply too long is status 8 and the connection lives on")
    func longReply() async throws {
        let huge = TestService.unary("Huge") { _, _ in ByteBuffer(repeating: 0, count: (4 << 20) - 2) }
        let link = WireLink([TestService.echo, huge], mode: .baseline)
        link.write(try request(1, "Huge"))
        #expect(try response(await link.read()).status?.code == 8)
        link.write(try request(3, "Echo", [1]))
        #expect(try response(await link.read()).payload == [1])
    }

    @Test("a negative timeout is over at once")
    func negativeTimeout() async throws {
        let link = WireLink([TestService.echo], mode: .baseline)
        link.write(try request(1, "Echo", timeoutNano: -1))
        #expect(try response(await link.read()).status?.code == 4)
    }

    @Test("a request that is dripped in byte by byte is the same request")
    func dripped() async throws {
        let link = WireLink([TestService.echo], mode: .baseline)
        for byte in try request(1, "Echo", [1, 2, 3]) { link.write([byte]) }
        #expect(try response(await link.read()).payload == [1, 2, 3])
    }
}
