internal import MeshCall
internal import MeshMessages
internal import MeshWire
internal import NIOCore

enum FrameWork {
    /// Whole frames in one read; the last of them is cut, as it is when a read ends.
    private static let framesInRead = 16

    static func split(_ count: Int) throws -> Int {
        let read = try readBytes()
        let cut = read.count - 50
        var splitter = FrameSplitter(mode: .mesh, settings: .default)
        var bytes = 0
        try read.withUnsafeBytes { read in
            for _ in 0..<(count / framesInRead) {
                for part in [UnsafeRawBufferPointer(rebasing: read[..<cut]), UnsafeRawBufferPointer(rebasing: read[cut...])] {
                    try splitter.split(part) { _, data in bytes &+= data?.count ?? 0 }
                }
            }
        }
        guard splitter.framesSeen == count / framesInRead * framesInRead else { throw WrongAnswer() }
        return bytes
    }

    private static func readBytes() throws -> [UInt8] {
        let data = Array(try ByteBuffer(packing: BenchMessages.request).readableBytesView)
        return (0..<framesInRead).flatMap { index in
            FrameHeader(length: UInt32(data.count), streamID: UInt32(2 * index + 1), type: .request).encoded + data
        }
    }
}
