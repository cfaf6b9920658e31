internal import Glibc
internal import Synchronization

/// Memory for secret values: pages of our own, which the kernel keeps out of swap (mlock, as far as the limit allows), core dumps
/// (MADV_DONTDUMP) and forked children (MADV_WIPEONFORK).
///
/// Small values share pages, so that a common limit of 64 KiB of locked memory holds hundreds of them.
public final class SecretMemory: Sendable {
    /// What was asked of the kernel and what it gave.
    public struct Report: Sendable, Equatable {
        /// Bytes that stay out of swap.
        public var locked = 0
        /// Bytes that the kernel would not lock: they can reach swap.
        public var unlocked = 0
        /// Why, of the last refusal: `RLIMIT_MEMLOCK`, mostly.
        public var reason: String?
    }

    struct Block: Sendable {
        enum Origin: Sendable {
            /// Part of a shared page, by the slot's size.
            case slot(Int)
            /// Pages of its own, by their bytes and whether the kernel locked them.
            case pages(Int, locked: Bool)
            /// The kernel gave no pages.
            case heap
        }

        let address: UInt
        let origin: Origin

        var pointer: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: address) }
    }

    private struct State {
        /// Addresses by slot size.
        var free: [Int: [UInt]] = [:]
        var report = Report()
    }

    static let shared = SecretMemory()
    static let slotSizes = [64, 256, 1024, 4096]
    /// Bytes mapped at a time for slots of one size.
    static let chunkSize = 16384
    private static let pageSize = max(sysconf(Int32(_SC_PAGESIZE)), 4096)

    private let state = Mutex(State())

    /// What has become of the memory that secrets of this process lie in.
    public static var report: Report { shared.state.withLock(\.report) }

    func allocate(_ count: Int) -> Block {
        state.withLock { state in
            guard let size = Self.slotSizes.first(where: { $0 >= count }) else { return Self.pages(for: count, &state.report) }
            if state.free[size, default: []].isEmpty { state.free[size] = Self.slots(of: size, &state.report) }
            guard let address = state.free[size]?.popLast() else { return Self.heap(count) }
            return Block(address: address, origin: .slot(size))
        }
    }

    /// Wipes the block and gives it back.
    func release(_ block: Block, count: Int) {
        guard let pointer = block.pointer else { return }
        explicit_bzero(pointer, count)
        switch block.origin {
        case .slot(let size): state.withLock { $0.free[size, default: []].append(block.address) }
        case .pages(let size, let locked):
            munmap(pointer, size)
            state.withLock { $0.report.count(-size, locked: locked) }
        case .heap: pointer.deallocate()
        }
    }

    private static func slots(of size: Int, _ report: inout Report) -> [UInt] {
        guard let (base, _) = map(chunkSize, &report) else { return [] }
        return stride(from: 0, to: chunkSize, by: size).map { base + UInt($0) }
    }

    private static func pages(for count: Int, _ report: inout Report) -> Block {
        let size = (count + pageSize - 1) / pageSize * pageSize
        guard let (base, locked) = map(size, &report) else { return heap(count) }
        return Block(address: base, origin: .pages(size, locked: locked))
    }

    private static func heap(_ count: Int) -> Block {
        Block(address: UInt(bitPattern: UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 16)), origin: .heap)
    }

    private static func map(_ size: Int, _ report: inout Report) -> (address: UInt, locked: Bool)? {
        guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), base != MAP_FAILED else { return nil }
        madvise(base, size, MADV_DONTDUMP)
        madvise(base, size, MADV_WIPEONFORK)
        let locked = mlock(base, size) == 0
        if !locked { report.reason = String(cString: strerror(errno)) }
        report.count(size, locked: locked)
        return (UInt(bitPattern: base), locked)
    }
}

extension SecretMemory.Report {
    fileprivate mutating func count(_ bytes: Int, locked: Bool) {
        if locked { self.locked += bytes } else { unlocked += bytes }
    }
}
