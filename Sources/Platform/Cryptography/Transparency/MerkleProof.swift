/// Why a proof cannot be made or is not one.
public enum MerkleProofError: Error, Sendable, Equatable {
    /// Index or sizes do not name a part of a tree.
    case outOfRange
    /// Too many or too few hashes.
    case malformed
    /// The hashes lead to another root.
    case rootMismatch
}

/// Making proofs (RFC 6962 sections 2.1.1 and 2.1.2).
extension SubtreeHashes {
    /// The audit path of leaf `index` in the tree of the first `size` leaves: its sibling first.
    public func inclusionProof(index: UInt64, size: UInt64) throws -> [MerkleHash] {
        guard index < size else { throw MerkleProofError.outOfRange }
        var siblings: [MerkleHash] = []
        var (start, end) = (UInt64(0), size)
        while end - start > 1 {
            let middle = start + (1 << (end - start).splitLevel)
            let goesLeft = index < middle
            siblings.append(try goesLeft ? rangeHash(start: middle, end: end) : rangeHash(start: start, end: middle))
            (start, end) = goesLeft ? (start, middle) : (middle, end)
        }
        return siblings.reversed()
    }

    /// Proof that the first `oldSize` leaves of the tree of `size` leaves are the whole of the older tree.
    public func consistencyProof(from oldSize: UInt64, to size: UInt64) throws -> [MerkleHash] {
        guard oldSize <= size else { throw MerkleProofError.outOfRange }
        guard oldSize > 0, oldSize < size else { return [] }
        var hashes: [MerkleHash] = []
        var (start, end, known) = (UInt64(0), size, true)
        while oldSize != end {
            let middle = start + (1 << (end - start).splitLevel)
            if oldSize <= middle {
                hashes.append(try rangeHash(start: middle, end: end))
                end = middle
            } else {
                hashes.append(try rangeHash(start: start, end: middle))
                (start, known) = (middle, false)
            }
        }
        // The verifier knows the old root: it needs the old tree's last part only when that is not the whole of it.
        if !known { hashes.append(try rangeHash(start: start, end: end)) }
        return hashes.reversed()
    }
}

/// Checking proofs (RFC 9162 sections 2.1.3.2 and 2.1.4.2).
extension MerkleTree {
    /// - Throws: `MerkleProofError` unless `proof` shows that `leaf` is number `index` in the tree of `size` leaves under `root`.
    public static func verifyInclusion(
        of leaf: MerkleHash, index: UInt64, size: UInt64, proof: [MerkleHash], root: MerkleHash
    ) throws(MerkleProofError) {
        guard index < size else { throw .outOfRange }
        var (node, last, hash) = (index, size - 1, leaf)
        for sibling in proof {
            guard last != 0 else { throw .malformed }
            if node & 1 == 1 || node == last {
                hash = nodeHash(sibling, hash)
                shiftToRightChild(&node, &last)
            } else {
                hash = nodeHash(hash, sibling)
            }
            (node, last) = (node >> 1, last >> 1)
        }
        guard last == 0 else { throw .malformed }
        guard hash == root else { throw .rootMismatch }
    }

    /// - Throws: `MerkleProofError` unless `proof` shows that the tree of `oldSize` leaves under `oldRoot` is the beginning of the one of
    ///   `size` leaves under `root`.
    public static func verifyConsistency(
        from oldSize: UInt64, oldRoot: MerkleHash, to size: UInt64, root: MerkleHash, proof: [MerkleHash]
    ) throws(MerkleProofError) {
        guard oldSize <= size else { throw .outOfRange }
        guard oldSize > 0, oldSize < size else {
            guard proof.isEmpty else { throw .malformed }
            guard oldSize == 0 ? oldRoot == emptyRoot : oldRoot == root else { throw .rootMismatch }
            return
        }
        // A perfect old tree is a node of the new one: its root, which the verifier has, starts the proof.
        let path = oldSize.nonzeroBitCount == 1 ? [oldRoot] + proof : proof
        guard let first = path.first else { throw .malformed }
        let shift = (oldSize - 1).trailingOneBits
        var (node, last) = ((oldSize - 1) >> shift, (size - 1) >> shift)
        var (old, new) = (first, first)
        for hash in path.dropFirst() {
            guard last != 0 else { throw .malformed }
            if node & 1 == 1 || node == last {
                old = nodeHash(hash, old)
                new = nodeHash(hash, new)
                shiftToRightChild(&node, &last)
            } else {
                new = nodeHash(new, hash)
            }
            (node, last) = (node >> 1, last >> 1)
        }
        guard last == 0 else { throw .malformed }
        guard old == oldRoot, new == root else { throw .rootMismatch }
    }

    /// Skips the levels on which the right edge has no sibling.
    private static func shiftToRightChild(_ node: inout UInt64, _ last: inout UInt64) {
        while node & 1 == 0, node != 0 { (node, last) = (node >> 1, last >> 1) }
    }
}
