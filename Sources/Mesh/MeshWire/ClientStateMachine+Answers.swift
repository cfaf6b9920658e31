/// What servers send on a stream.
extension ClientStateMachine {
    /// The stream of a frame; nil when it ended recently, so that the frame is to be ignored.
    private func stream(of header: FrameHeader) throws(ConnectionFailure) -> StreamState? {
        if let stream = core.streams[header.streamID] { return stream }
        guard core.recentlyClosed.contains(header.streamID) else {
            throw ConnectionFailure(.streamClosed, "a frame on stream \(header.streamID), which is not open")
        }
        return nil
    }

    /// A frame of a stream that ended recently.
    private mutating func countLate(_ header: FrameHeader, _ name: String) throws(ConnectionFailure) -> Action {
        try core.countFree(name)
        return .none
    }

    mutating func receiveHeaders(_ header: FrameHeader) throws(ConnectionFailure) -> Action {
        guard let stream = try stream(of: header) else { return try countLate(header, "late HEADERS") }
        guard !stream.answerBegan else { throw ConnectionFailure(.protocolError, "HEADERS twice or after the answer began") }
        _ = core.streams.update(header.streamID) { $0.answerBegan = true }
        return .headers(header.streamID)
    }

    mutating func receiveResponse(_ header: FrameHeader) throws(ConnectionFailure) -> Action {
        guard let stream = try stream(of: header) else { return try countLate(header, "late Response") }
        let id = header.streamID
        guard stream.envelopeBytes + Int(header.length) <= Int(core.local.maximumMessageBytes) else { return giveUp(id, .messageTooLong) }
        if header.flags.contains(.more) {
            if header.length == 0 { try core.countFree("empty Response") }
            _ = core.streams.update(id) { $0.answerBegan = true }
            return core.holdEnvelope(id, Int(header.length)) ? .responsePart(id) : giveUp(id, .assemblyFull)
        }
        // What the server said last needs no memory of the stream: nothing may follow.
        core.close(id, remember: false)
        return .response(id, statusOnly: header.flags.contains(.statusOnly))
    }

    mutating func receiveData(_ header: FrameHeader) throws(ConnectionFailure) -> Action {
        let id = header.streamID
        if let charge = core.takeWhole(header, accepts: \.expectsData) { return .message(id, charge: charge) }
        try core.charge(header)
        // Late Data is bounded by its stream's window, headers included: a server cannot know that nobody listens any more.
        guard let stream = try stream(of: header) else { return .none }
        guard stream.expectsData, stream.envelopeBytes == 0 else {
            throw ConnectionFailure(.protocolError, "Data in the answer of a call that has no stream")
        }
        _ = core.streams.update(id) { $0.answerBegan = true }
        if header.flags.contains(.noData) {
            core.credit(header.charge, to: id)
            try core.countFree("empty Data")
            return .none
        }
        guard stream.inbound.assembledBytes + Int(header.length) <= Int(core.local.maximumMessageBytes) else {
            core.credit(header.charge, to: 0)
            return giveUp(id, .messageTooLong)
        }
        if header.flags.contains(.more) {
            if header.length == 0 { try core.countFree("empty Data") }
            return core.holdMessage(header).map { giveUp(id, $0) } ?? .messagePart(id)
        }
        return .message(id, charge: core.completeMessage(header))
    }

    /// Baseline: frames of unknown streams are dropped (a call that was given up is simply forgotten), unknown types ignored.
    mutating func receiveBaseline(_ header: FrameHeader, oversized: Bool) -> Action {
        let id = header.streamID
        guard let stream = core.streams[id], header.type == .response || header.type == .data else { return .none }
        guard !oversized else { return giveUp(id, .messageTooLong) }
        if header.type == .response {
            core.close(id, remember: false)
            return .response(id, statusOnly: false)
        }
        guard stream.expectsData else { return giveUp(id, .unexpectedData) }
        return receiveBaselineData(header, stream)
    }

    private mutating func receiveBaselineData(_ header: FrameHeader, _ stream: StreamState) -> Action {
        let id = header.streamID
        let hasMessage = !header.flags.contains(.noData)
        if hasMessage, let refusal = core.refusal(of: header, on: stream) { return giveUp(id, refusal) }
        let charge = hasMessage ? core.completeMessage(header) : nil
        guard header.flags.contains(.remoteClosed) else { return charge.map { .message(id, charge: $0) } ?? .none }
        core.close(id, remember: false)
        return .ended(id, charge: charge)
    }
}
