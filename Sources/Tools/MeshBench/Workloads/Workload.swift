/// What a part of the mesh does for one message or call, over and over in one thread: for counting instructions and allocations,
/// and for timing.
public enum Workload: String, CaseIterable, Sendable {
    /// Packs an `EchoRequest` of 94 bytes.
    case encode
    /// Unpacks it.
    case decode
    /// Cuts one frame of 104 bytes out of what a read brought.
    case split
    /// A unary echo through client and server of one process, over the frames but without sockets and TLS.
    case unary

    /// Does the work `count` times, all of it on the calling thread.
    ///
    /// - Returns: something that depends on all of it, so that none of it can be left out.
    /// - Throws: when an answer is not what was asked for.
    public func run(count: Int) throws -> Int {
        switch self {
        case .encode: try MessageWork.encode(count)
        case .decode: try MessageWork.decode(count)
        case .split: try FrameWork.split(count)
        case .unary: try UnaryWork.run(count)
        }
    }
}

/// An answer that was not what was asked for.
struct WrongAnswer: Error {}
