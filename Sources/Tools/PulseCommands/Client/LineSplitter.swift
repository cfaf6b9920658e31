import NIOCore

/// Cuts a stream of bytes into lines.
struct LineSplitter {
    struct TooLong: Error {}

    let longest: Int
    private var pending = ByteBuffer()

    init(longest: Int) {
        self.longest = longest
    }

    /// - Returns: the lines that `piece` completes, without their ends; empty lines are left out.
    mutating func take(_ piece: ByteBuffer) throws -> [ByteBuffer] {
        pending.writeImmutableBuffer(piece)
        var lines: [ByteBuffer] = []
        while let end = pending.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
            guard let line = pending.readSlice(length: end - pending.readerIndex) else { break }
            pending.moveReaderIndex(forwardBy: 1)
            if line.readableBytes > 0 { lines.append(line) }
        }
        guard pending.readableBytes <= longest else { throw TooLong() }
        pending.discardReadBytes()
        return lines
    }
}
