import Foundation
import Glibc
import Secrets
import Testing

@Suite("Memory of secrets", .serialized)
struct SecretMemoryTests {
    /// The entry of `/proc/self/smaps` that an address lies in: its flags, or nil when it is not mapped.
    private static func flags(of address: UInt) throws -> Set<Substring>? {
        var isInside = false
        for line in try smaps().split(separator: "\n") {
            if let match = line.prefixMatch(of: #/([0-9a-f]+)-([0-9a-f]+)\ /#), let low = UInt(match.1, radix: 16), let high = UInt(match.2, radix: 16) {
                isInside = (low..<high).contains(address)
            } else if isInside, line.hasPrefix("VmFlags:") {
                return Set(line.dropFirst(8).split(separator: " "))
            }
        }
        return nil
    }

    /// The kernel gives it in pieces, which the usual ways of reading a file take for its end.
    private static func smaps() throws -> String {
        let file = try #require(fopen("/proc/self/smaps", "r"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece.prefix(count) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func address(_ secret: SecretBytes) -> UInt {
        secret.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    }

    @Test("It stays out of core dumps, forks and, where it may be locked, swap", arguments: [1, 64, 65, 1000, 4096, 4097, 65536])
    func flags(size: Int) throws {
        let secret = SecretBytes(copying: [UInt8](repeating: 7, count: size))
        let flags = try #require(try Self.flags(of: Self.address(secret)))
        #expect(flags.isSuperset(of: ["dd", "wf"]), "\(flags)")
        #expect(flags.contains("lo") || SecretMemory.report.unlocked > 0)
    }

    @Test("Other memory has no such flags")
    func ordinaryMemory() throws {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { bytes.deallocate() }
        let flags = try #require(try Self.flags(of: UInt(bitPattern: bytes)))
        #expect(flags.isDisjoint(with: ["dd", "wf", "lo"]))
    }

    @Test("A long secret's pages are given back, wiped or not there at all")
    func longSecret() throws {
        var address: UInt = 0
        do {
            let secret = SecretBytes(copying: [UInt8](repeating: 0xa5, count: 300_000))
            address = Self.address(secret)
            #expect(try Self.flags(of: address) != nil)
        }
        // Whoever got the address range since did not get the bytes.
        guard try Self.flags(of: address) != nil, let pointer = UnsafeRawPointer(bitPattern: address) else { return }
        #expect(UnsafeRawBufferPointer(start: pointer, count: 4096).count { $0 == 0xa5 } < 64)
    }

    @Test("Hundreds of small secrets fit into a few pages, and each keeps its bytes")
    func smallSecrets() {
        let before = SecretMemory.report.locked + SecretMemory.report.unlocked
        let secrets = (0..<200).map { index in SecretBytes(copying: [UInt8](repeating: UInt8(index), count: 32)) }
        #expect(SecretMemory.report.locked + SecretMemory.report.unlocked - before <= 16384)
        for (index, secret) in secrets.enumerated() {
            #expect(secret == SecretBytes(copying: [UInt8](repeating: UInt8(index), count: 32)))
        }
    }

    @Test("Without the right to lock memory it serves on, and says so")
    func notLocked() async {
        await #expect(processExitsWith: .success) {
            // Root may lock whatever the limit says, unless it gives that right up.
            var none = rlimit(rlim_cur: 0, rlim_max: 0)
            guard setrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &none) == 0 else { exit(1) }
            if geteuid() == 0, setuid(65534) != 0 { exit(2) }
            let secret = SecretBytes(copying: [1, 2, 3])
            guard secret == SecretBytes(copying: [1, 2, 3]) else { exit(3) }
            guard SecretMemory.report.locked == 0, SecretMemory.report.unlocked > 0, SecretMemory.report.reason != nil else { exit(4) }
        }
    }
}
