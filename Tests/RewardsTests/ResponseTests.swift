import Testing

@testable import Rewards

@Suite struct ResponseTests {
    @Test(
        arguments: [
            ("<think>r</think> 5", " 5"), ("5", "5"), ("<think>r</think>5<|eot_id|>6", "5"), ("<|endoftext|>5", ""),
            ("<think>5<|eot_id|></think>5", nil), ("<think>a</think>4<think>b</think>5", "5"), ("<think>5", nil),
            ("</think>5<think>", nil), ("5<|mdm_mask|>1", "51"),
        ] as [(String, String?)])
    func `the answer is what follows the last thought before the first end`(text: String, answer: String?) {
        #expect(Response(text).answer == answer)
    }
}
