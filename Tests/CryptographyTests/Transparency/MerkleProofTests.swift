import Cryptography
import Testing

@Suite("Merkle proofs")
struct MerkleProofTests {
    @Test("every inclusion proof of every small tree verifies, and nothing near it does", arguments: 1...40)
    func inclusion(size: Int) throws {
        let log = try TestLog(size: 40)
        let root = TestLog.root(log.leaves[0..<size])
        for index in 0..<size {
            let proof = try log.hashes.inclusionProof(index: UInt64(index), size: UInt64(size))
            let verify = { (leaf: MerkleHash, index: Int, size: Int, proof: [MerkleHash], root: MerkleHash) in
                try MerkleTree.verifyInclusion(of: leaf, index: UInt64(index), size: UInt64(size), proof: proof, root: root)
            }
            try verify(log.leaves[index], index, size, proof, root)
            for changed in mutations(of: proof) {
                #expect(throws: MerkleProofError.self) { try verify(log.leaves[index], index, size, changed, root) }
            }
            #expect(throws: MerkleProofError.self) { try verify(MerkleTree.emptyRoot, index, size, proof, root) }
            #expect(throws: MerkleProofError.self) { try verify(log.leaves[index], index + size, size, proof, root) }
            if size > 1 {
                #expect(throws: MerkleProofError.self) { try verify(log.leaves[index], (index + 1) % size, size, proof, root) }
            }
        }
    }

    @Test("every consistency proof between small trees verifies, and nothing near it does", arguments: 0...40)
    func consistency(oldSize: Int) throws {
        let log = try TestLog(size: 40)
        let oldRoot = TestLog.root(log.leaves[0..<oldSize])
        for size in oldSize...40 {
            let root = TestLog.root(log.leaves[0..<size])
            let proof = try log.hashes.consistencyProof(from: UInt64(oldSize), to: UInt64(size))
            let verify = { (proof: [MerkleHash], oldRoot: MerkleHash, root: MerkleHash) in
                try MerkleTree.verifyConsistency(
                    from: UInt64(oldSize), oldRoot: oldRoot, to: UInt64(size), root: root, proof: proof)
            }
            try verify(proof, oldRoot, root)
            let other = MerkleTree.leafHash([UInt8(9)])
            #expect(throws: MerkleProofError.self) { try verify(proof, other, root) }
            if oldSize > 0 { #expect(throws: MerkleProofError.self) { try verify(proof, oldRoot, other) } }
            for changed in mutations(of: proof) {
                #expect(throws: MerkleProofError.self) { try verify(changed, oldRoot, root) }
            }
        }
    }

    @Test("proofs in a large tree", arguments: [0, 1, 255, 256, 65535, 65536, 69999])
    func largeTree(index: Int) throws {
        let log = try TestLog(size: 70000, batch: 256)
        let root = MerkleTree.root(of: log.leaves)
        let proof = try log.hashes.inclusionProof(index: UInt64(index), size: 70000)
        try MerkleTree.verifyInclusion(of: log.leaves[index], index: UInt64(index), size: 70000, proof: proof, root: root)
        let older = UInt64(index + 1)
        try MerkleTree.verifyConsistency(
            from: older, oldRoot: log.hashes.compactRange(size: older).root, to: 70000, root: root,
            proof: log.hashes.consistencyProof(from: older, to: 70000))
    }

    @Test("nothing outside the tree has a proof, and a missing tile is named")
    func outside() throws {
        var log = try TestLog(size: 300)
        #expect(throws: MerkleProofError.outOfRange) { try log.hashes.inclusionProof(index: 300, size: 300) }
        #expect(throws: MerkleProofError.outOfRange) { try log.hashes.consistencyProof(from: 301, to: 300) }
        #expect(throws: TileMissing(Tile.ID(level: 0, number: 1))) { try log.hashes.inclusionProof(index: 0, size: 301) }
        try log.append([[1]])
        _ = try log.hashes.inclusionProof(index: 0, size: 301)
    }

    /// The proof with a bit changed, an element gone, doubled, added, or two swapped.
    private func mutations(of proof: [MerkleHash]) -> [[MerkleHash]] {
        var all = [proof + [MerkleTree.emptyRoot], [MerkleTree.emptyRoot] + proof]
        for position in proof.indices {
            var bytes = proof[position].bytes
            bytes[position % 32] ^= 0x10
            guard let changed = MerkleHash(bytes) else { continue }
            all.append(Array(proof[..<position]) + [changed] + Array(proof[(position + 1)...]))
            all.append(Array(proof[..<position]) + Array(proof[(position + 1)...]))
            all.append(Array(proof[...position]) + Array(proof[position...]))
        }
        if proof.count > 1 { all.append(proof.reversed()) }
        return all
    }
}
