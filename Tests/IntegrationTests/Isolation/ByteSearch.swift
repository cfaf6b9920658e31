import CByteSearch
import Foundation

/// Looks for all forms of all planted values in one pass. Nothing in it changes once it is made, hence safe to share.
final class ByteSearch: @unchecked Sendable {
    /// Bytes read at once.
    static let chunk = 8 << 20

    struct Hit: Hashable {
        let credential: String
        let form: String
        /// Another value has taken the place of this one.
        let isReplaced: Bool
    }

    private let labels: [Hit]
    private let longest: Int
    private let search: OpaquePointer

    /// - Throws: when a form is too short to be looked for.
    init(_ planted: [PlantedValue]) throws {
        let needles = planted.flatMap { value in
            value.forms.forms.map { (Hit(credential: value.credential, form: $0.name, isReplaced: value.isReplaced), $0.bytes) }
        }
        labels = needles.map(\.0)
        longest = needles.map(\.1.count).max() ?? 0
        guard let made = byte_search_make(needles.flatMap(\.1), needles.map(\.1.count), needles.count) else {
            throw NeverHappened(what: "every form has at least \(BYTE_SEARCH_MINIMUM) bytes")
        }
        search = made
    }

    deinit { byte_search_free(search) }

    func hits(in bytes: some ContiguousBytes) -> Set<Hit> {
        var found = [UInt8](repeating: 0, count: labels.count)
        bytes.withUnsafeBytes { scan($0, &found) }
        return hits(found)
    }

    /// Reads `range` of an open file; what cannot be read is passed over.
    func hits(in descriptor: Int32, _ range: Range<UInt64>) -> Set<Hit> {
        var found = [UInt8](repeating: 0, count: labels.count)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 16)
        defer { buffer.deallocate() }
        var position = range.lowerBound
        while position < range.upperBound {
            let wanted = Int(min(UInt64(Self.chunk), range.upperBound - position))
            let count = pread(descriptor, buffer.baseAddress, wanted, off_t(truncatingIfNeeded: position))
            guard count > 0 else {
                // A page that is gone or closed to reading.
                guard count < 0, range.upperBound - position > 4096 else { break }
                position += 4096
                continue
            }
            scan(UnsafeRawBufferPointer(rebasing: buffer[..<count]), &found)
            // A value may lie across two chunks.
            let whole = position + UInt64(count) >= range.upperBound
            position += UInt64(whole || count <= longest ? count : count - longest)
        }
        return hits(found)
    }

    func hits(inFile path: String) -> Set<Hit> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        return hits(in: descriptor, 0..<UInt64(max(0, byte_search_file_size(descriptor))))
    }

    private func scan(_ bytes: UnsafeRawBufferPointer, _ found: inout [UInt8]) {
        guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
        byte_search_scan(search, base, bytes.count, &found)
    }

    private func hits(_ found: [UInt8]) -> Set<Hit> {
        Set(zip(labels, found).filter { $1 != 0 }.map(\.0))
    }
}
