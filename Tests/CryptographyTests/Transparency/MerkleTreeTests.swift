import Cryptography
import Testing

@Suite("Merkle tree of RFC 6962")
struct MerkleTreeTests {
    /// Roots over the entries of `TestLog`, from another program written from the RFC.
    static let roots: [(Int, String)] = [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "5bcdcaa764dc97abe6ade3975e17876c2c8f314404e7ab3fc0044a4c477f3d7e"),
        (2, "d8755be6c596b8596e195a34c54bf9842dbb9a8e23ebee58cc2abfdabe2c86f0"),
        (3, "ac8a50896f7b12124213dc85de134e78b577abdf43f95391393da705005063c3"),
        (7, "feeffe41953b9c499dfd895c42502bbd4f26a196166d6072a4646a4b94fc5dce"),
        (8, "c7f7f010eacfdcf2e4084229be32203fb80e1b554c65e2398e6d18af36363c03"),
        (255, "c95833066d18d7e55a0035dcb62ecd3d666c0f5b398cc72b6e526269a9a1d66e"),
        (256, "a1275ce12edf6138fb524a1a38598dafae4689da1abe81e16052aa9a8e050d5e"),
        (257, "912aef54d02d5068bebe023ea1c1d1dc706288c06c5eb34bd7b1774c30119666"),
        (65535, "b143e19eaf1e43f50e8865297f2532b61d39628301b823b475eac2a7f16a9ccf"),
        (65536, "e969882e09ed917bb59ed2aa5a715eb7d25ceccf840787fd66e98eb5e191a79d"),
        (65537, "b78f085490bd8091043ccc3ad40db1ea6d04c6133b622d80398f49a4c4ae0d78"),
        (70000, "61f3e8512ec853514acdef445534575bb90f21da929af6b37d8ef2a89252eb45"),
    ]

    @Test("tiles give the golden root at every size")
    func goldenRoots() throws {
        let log = try TestLog(size: 70000, batch: 256)
        for (size, root) in Self.roots {
            #expect(try log.hashes.compactRange(size: UInt64(size)).root.description == root)
            #expect(MerkleTree.root(of: log.leaves.prefix(size)).description == root)
        }
    }

    @Test("tiles of 70000 leaves are those that tlog-tiles lists")
    func tileLayout() throws {
        let log = try TestLog(size: 70000, batch: 1000)
        let widths = { (level: Int) in
            log.tiles.filter { $0.key.level == level }.sorted { $0.key.number < $1.key.number }.map(\.value.hashes.count)
        }
        #expect(widths(0) == Array(repeating: 256, count: 273) + [112])
        #expect(widths(1) == [256, 17])
        #expect(widths(2) == [1])
        #expect(widths(3) == [])
        let full = try #require(log.tile(Tile.ID(level: 0, number: 0)))
        #expect(full.bytes.count == 8192 && Tile(bytes: full.bytes) == full)
        #expect(Tile(bytes: Array(full.bytes.dropLast())) == nil && Tile(bytes: []) == nil)
    }

    @Test("the eight leaves of Certificate Transparency's vectors")
    func knownLeaves() {
        let entries: [[UInt8]] = [
            [], [0x00], [0x10], [0x20, 0x21], [0x30, 0x31], Array(0x40...0x43), Array(0x50...0x57), Array(0x60...0x6f),
        ]
        let root = MerkleTree.root(of: entries.map { MerkleTree.leafHash($0) })
        #expect(root.description == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
        #expect(
            MerkleTree.leafHash([UInt8]()).description == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
    }

    @Test("a compact range takes only as many hashes as its size has bits")
    func compactRange() {
        let leaf = MerkleTree.leafHash([UInt8(1)])
        #expect(CompactRange(size: 5, hashes: [leaf]) == nil)
        #expect(CompactRange(size: 5, hashes: [leaf, leaf])?.size == 5)
        #expect(MerkleHash([1, 2, 3]) == nil)
    }
}
