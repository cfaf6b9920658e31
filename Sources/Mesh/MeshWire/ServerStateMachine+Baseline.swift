/// ttrpc 1.2 as stock clients speak it: nothing closes the connection, what breaks a rule is answered with a status.
extension ServerStateMachine {
    mutating func receiveBaseline(_ header: FrameHeader, oversized: Bool) -> Action {
        let id = header.streamID
        guard !id.isMultiple(of: 2) else { return .reject(id, .evenID, ends: false) }
        switch header.type {
        case .request: return receiveBaselineRequest(header, oversized: oversized)
        case .data: return receiveBaselineData(header, oversized: oversized)
        default: return .none
        }
    }

    /// A frame that is too long does not use its id up (as in Go's server).
    private mutating func receiveBaselineRequest(_ header: FrameHeader, oversized: Bool) -> Action {
        let id = header.streamID
        guard !oversized else { return .reject(id, .messageTooLong, ends: false) }
        guard id > lastStreamID else { return .reject(id, .reusedID, ends: false) }
        guard drain == .none else { return .reject(id, .draining, ends: false) }
        lastStreamID = id
        guard slots < Int(core.local.maximumConcurrentStreams) else { return .reject(id, .tooManyStreams, ends: false) }
        slots += 1
        core.streams[id] = core.makeStream()
        return begin(id, clientStreams: header.flags.contains(.remoteOpen))
    }

    /// Baseline: whether a client sends messages is what the method says. Stock servers look at their own table and not at a Request's flags, so that
    /// a stream that was opened as if it were unary is a stream.
    ///
    /// - Parameters:
    ///   - takesStream: the method takes a stream of messages.
    ///   - flags: those of the stream's Request.
    /// - Returns: whether messages may come.
    public mutating func resolve(_ id: UInt32, takesStream: Bool, flags: FrameFlags) -> Bool {
        let isOpen = takesStream && !flags.contains(.remoteClosed)
        _ = core.streams.update(id) { stream in
            stream.refusesMessages = !takesStream
            if takesStream { stream.remoteClosed = !isOpen }
        }
        return isOpen
    }

    private mutating func receiveBaselineData(_ header: FrameHeader, oversized: Bool) -> Action {
        let id = header.streamID
        guard let stream = core.streams[id] else {
            // What was under way when this side ended the stream is not answered: a stock Go client that reads one answer and has no
            // room for two stops reading its connection.
            return core.recentlyClosed.contains(id) ? .none : .reject(id, .streamClosed, ends: false)
        }
        guard !stream.remoteClosed else { return refuse(id, stream.refusesMessages ? .unaryData : .dataAfterLast) }
        if stream.readsNoMore {
            if endsRemote(header) { core.streams[id]?.remoteClosed = true }
            return .none
        }
        guard !oversized else { return refuse(id, .messageTooLong) }
        if header.flags.contains(.noData) { return closeRemote(header) }
        guard !stream.refusesMessages else { return refuse(id, .unaryData) }
        if let refusal = core.refusal(of: header, on: stream) { return refuse(id, refusal) }
        let charge = core.completeMessage(header)
        let ends = endsRemote(header)
        if ends { core.streams[id]?.remoteClosed = true }
        return .message(id, charge: charge, ends: ends)
    }
}
