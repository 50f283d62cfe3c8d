import Datasets
import Testing

@testable import Training

@Suite struct PolicyBranchesTests {
    /// A text of blocks of two tokens, each written in one step; `end` is the last token that counts.
    private func text(_ tokens: [Int32], length: Int = 8) -> Rollout {
        let masks = [Int32](repeating: 0, count: length - tokens.count)
        let written = (tokens.count + 1) / 2 * 2
        return Rollout(
            task: .chat, group: 0, prompt: [5], answer: tokens, suffix: masks,
            revealedAt: (0..<length).map { $0 < written ? $0 / 2 : Rollout.never })
    }

    @Test func `answers branch where some that were the same choose differently`() {
        let answers = [text([1, 2, 3, 4]), text([1, 2, 3, 6]), text([1, 9, 3, 4]), text([1, 2, 3, 4, 8])]
        let found = PolicyBranches.branches(answers, rewards: [1, 0, 0, 0.5])
        // The third parts at the first step and is alone from then on, as the fourth is where it alone goes on.
        #expect(found == [.init(step: 0, members: [0, 1, 2, 3]), .init(step: 1, members: [0, 1, 3])])
    }

    @Test(
        arguments: [
            ([1, 1, 0], [[0, 1, 2]]),  // the pair that is worth the same teaches nothing later
            ([1, 0, 1], [[0, 1, 2], [0, 1]]), ([1, 1, 1], []), ([1, nil, 0], [[0, 2]]), ([nil, nil, 1], []),
        ] as [([Double?], [[Int]])])
    func `what is worth the same, or has no reward, is no branch`(rewards: [Double?], members: [[Int]]) {
        let answers = [text([1, 2, 3, 4]), text([1, 2, 3, 6]), text([1, 9, 3, 4])]
        #expect(PolicyBranches.branches(answers, rewards: rewards).map(\.members) == members)
    }

    @Test func `the order in which tokens are revealed is part of what was seen`() {
        func answer(_ tokens: [Int32], _ steps: [Int]) -> Rollout {
            Rollout(task: .chat, group: 0, prompt: [], answer: tokens, suffix: [], revealedAt: steps)
        }
        // The same tokens in another order: they part at once, and meet again before the last step.
        let found = PolicyBranches.branches(
            [answer([1, 2, 3], [0, 1, 2]), answer([1, 2, 3], [1, 0, 2]), answer([1, 2, 4], [0, 1, 2])],
            rewards: [1, 0, 0])
        #expect(found == [.init(step: 0, members: [0, 1, 2]), .init(step: 2, members: [0, 1, 2])])
    }

    @Test func `pictures branch too`() {
        func picture(_ codes: [Int32], _ steps: [Int]) -> Rollout {
            Rollout(task: .textToImage, group: 0, prompt: [7], answer: codes, suffix: [9], revealedAt: steps)
        }
        let found = PolicyBranches.branches(
            [picture([1, 2], [0, 1]), picture([1, 3], [0, 1]), picture([4, 2], [1, 0])], rewards: [0, 1, 0])
        #expect(found == [.init(step: 0, members: [0, 1, 2]), .init(step: 1, members: [0, 1])])
    }
}
