/// Requests and stream messages in mesh mode.
extension ServerStateMachine {
    mutating func receiveRequest(_ header: FrameHeader) throws(ConnectionFailure) -> Action {
        let id = header.streamID
        guard !id.isMultiple(of: 2) else { throw ConnectionFailure(.protocolError, "a request on even stream \(id)") }
        guard id > lastStreamID else { return try continueRequest(header) }
        lastStreamID = id
        if drain == .final {
            // The last GOAWAY told the client that this call never runs.
            core.neverBegan(id)
            try core.countFree("ignored Request")
            return .none
        }
        guard slots < Int(core.local.maximumConcurrentStreams) else {
            core.neverBegan(id)
            return .reject(id, .tooManyStreams, ends: false)
        }
        slots += 1
        var stream = core.makeStream()
        let isWhole = !header.flags.contains(.more) && header.length <= core.local.maximumMessageBytes
        if isWhole { stream.begin(clientStreams: header.flags.contains(.remoteOpen)) }
        core.streams.open(id, stream)
        return isWhole ? .request(id, clientStreams: !stream.remoteClosed) : try takeRequest(header)
    }

    private mutating func continueRequest(_ header: FrameHeader) throws(ConnectionFailure) -> Action {
        if let stream = core.streams[header.streamID], !stream.isRunning { return try takeRequest(header) }
        if core.recentlyClosed.contains(header.streamID) {
            try core.countFree("ignored Request")
            return .none
        }
        throw ConnectionFailure(.protocolError, "stream ids must increase: \(header.streamID) after \(lastStreamID)")
    }

    private mutating func takeRequest(_ header: FrameHeader) throws(ConnectionFailure) -> Action {
        let id = header.streamID
        if header.flags.contains(.more), header.length == 0 { try core.countFree("empty Request") }
        let length = (core.streams[id]?.envelopeBytes ?? 0) + Int(header.length)
        guard length <= Int(core.local.maximumMessageBytes) else { return refuse(id, .messageTooLong) }
        if header.flags.contains(.more) {
            guard !core.holdEnvelope(id, Int(header.length)) else { return .requestPart(id) }
            try core.countFree("refused Request")
            return refuse(id, .overloaded)
        }
        core.completeEnvelope(id)
        return begin(id, clientStreams: header.flags.contains(.remoteOpen))
    }

    mutating func begin(_ id: UInt32, clientStreams: Bool) -> Action {
        core.streams[id]?.begin(clientStreams: clientStreams)
        return .request(id, clientStreams: clientStreams)
    }

    mutating func receiveData(_ header: FrameHeader) throws(ConnectionFailure) -> Action {
        let id = header.streamID
        if let charge = core.takeWhole(header, accepts: { $0.isRunning && !$0.remoteClosed && !$0.readsNoMore }) { return received(header, charge) }
        guard !id.isMultiple(of: 2), id <= lastStreamID else {
            throw ConnectionFailure(.protocolError, "Data on stream \(id), which never began")
        }
        try core.charge(header)
        guard let stream = core.streams[id] else {
            // Bounded by the stream's window, headers included: a client cannot know that its call has ended.
            if core.recentlyClosed.contains(id) { return .none }
            throw ConnectionFailure(.streamClosed, "Data on stream \(id), which has ended")
        }
        guard !stream.remoteClosed, stream.isRunning else {
            throw ConnectionFailure(.streamClosed, "Data on stream \(id), on which the client may send none")
        }
        return stream.readsNoMore ? try throwAway(header) : try takeData(header, inbound: stream.inbound)
    }

    /// Its answer is on its way: what comes may not turn that into something else.
    private mutating func throwAway(_ header: FrameHeader) throws(ConnectionFailure) -> Action {
        let isPart = header.flags.contains(.more)
        // A whole message may be empty.
        if header.flags.contains(.noData) || (isPart && header.length == 0) { try core.countFree("empty Data") }
        core.credit(header.charge, to: header.streamID)
        if !isPart, endsRemote(header) { core.streams[header.streamID]?.remoteClosed = true }
        return .none
    }

    private mutating func takeData(_ header: FrameHeader, inbound: MessageCounter) throws(ConnectionFailure) -> Action {
        let id = header.streamID
        if header.flags.contains(.noData) {
            core.credit(header.charge, to: id)
            try core.countFree("empty Data")
            return closeRemote(header)
        }
        guard inbound.assembledBytes + Int(header.length) <= Int(core.local.maximumMessageBytes) else {
            core.credit(header.charge, to: 0)
            return refuse(id, .messageTooLong)
        }
        if header.flags.contains(.more) {
            if header.length == 0 { try core.countFree("empty Data") }
            return core.holdMessage(header).map { refuse(id, $0) } ?? .messagePart(id)
        }
        return received(header, core.completeMessage(header))
    }

    /// A stream message is complete.
    private mutating func received(_ header: FrameHeader, _ charge: Int) -> Action {
        let ends = header.flags.contains(.remoteClosed)
        if ends { core.streams[header.streamID]?.remoteClosed = true }
        return .message(header.streamID, charge: charge, ends: ends)
    }

    func endsRemote(_ header: FrameHeader) -> Bool { header.flags.contains(.remoteClosed) }

    mutating func closeRemote(_ header: FrameHeader) -> Action {
        guard endsRemote(header) else { return .none }
        core.streams[header.streamID]?.remoteClosed = true
        return .halfClosed(header.streamID)
    }
}
