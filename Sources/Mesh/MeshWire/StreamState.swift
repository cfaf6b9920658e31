/// One open stream, as either end sees it.
@usableFromInline
struct StreamState: Sendable {
    var send: SendWindow
    var receive: ReceiveWindow
    /// Messages that the peer sends as Data.
    var inbound = MessageCounter()
    /// Bytes of the unfinished Request (at the server) or Response (at the client).
    var envelopeBytes = 0
    /// Server: the Request is complete and its handler runs.
    var isRunning = false
    /// The peer sends nothing more.
    var remoteClosed = false
    /// Server: the answer waits to be written: what the peer still sends is thrown away.
    var readsNoMore = false
    /// Server, baseline: the method takes one message, whatever its caller announced.
    var refusesMessages = false
    /// Client: the answer has begun, so HEADERS may no longer come.
    var answerBegan = false
    /// Client: the answer is a stream of Data.
    var expectsData = false

    init(send: SendWindow, receive: ReceiveWindow) {
        self.send = send
        self.receive = receive
    }

    /// The Request is complete.
    mutating func begin(clientStreams: Bool) {
        isRunning = true
        remoteClosed = !clientStreams
    }

    /// Counts consumed bytes. The increment to announce, if one is due and the peer may still send.
    mutating func credit(_ bytes: Int) -> UInt32? {
        remoteClosed ? nil : receive.credit(bytes)
    }

    /// What the peer makes this side hold of messages that are not complete.
    var unfinishedBytes: Int { envelopeBytes + inbound.assembledBytes }
}
