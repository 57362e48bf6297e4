use super::*;
use proptest::prelude::*;

fn root(bytes: &[u8]) -> Value {
    let (p, used) = load(bytes).unwrap();
    assert_eq!(used, bytes.len());
    p.value(p.root).clone()
}

fn refusal(bytes: &[u8]) -> String {
    load(bytes).unwrap_err()
}

#[test]
fn numbers_and_text_of_all_protocols() {
    assert_eq!(root(b"I42\n."), Value::Int(42));
    assert_eq!(root(b"I01\n."), Value::Bool(true));
    assert_eq!(root(b"L-7L\n."), Value::Int(-7));
    assert_eq!(root(b"F1.5\n."), Value::Float(1.5));
    assert_eq!(root(b"S'abc'\n."), Value::Str("abc".into()));
    assert_eq!(root(b"\x80\x02J\xfe\xff\xff\xff."), Value::Int(-2));
    assert_eq!(root(b"\x80\x02\x8a\x02\x00\xff."), Value::Int(-256));
    assert_eq!(root(b"\x80\x02G\x3f\xf8\0\0\0\0\0\0."), Value::Float(1.5));
    assert_eq!(root(b"\x80\x04\x8c\x02\xc3\xa9."), Value::Str("é".into()));
    assert_eq!(root(b"\x80\x05\x96\x02\0\0\0\0\0\0\0\x01\x02."), Value::Bytes(vec![1, 2]));
}

#[test]
fn a_memoised_dictionary_is_filled_where_it_is_shared() {
    // d = {}; [d, d] after d["k"] = 5
    let (p, _) = load(b"\x80\x02](}q\x00X\x01\0\0\0kK\x05sh\x00e.").unwrap();
    let Value::List(items) = p.value(p.root) else { panic!("a list") };
    assert_eq!(items[0], items[1]);
    assert_eq!(p.get(items[1], "k"), Some(&Value::Int(5)));
}

#[test]
fn any_other_name_is_refused_by_name() {
    for (pickle, name) in [
        (&b"cposix\nsystem\n(S'true'\ntR."[..], "posix.system"),
        (b"\x80\x02c__builtin__\neval\nX\x01\0\0\0x\x85R.", "__builtin__.eval"),
        (b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93.", "builtins.exec"),
        (b"(iposix\nsystem\n.", "posix.system"),
        (b"\x80\x02ctorch.hub\nload\n.", "torch.hub.load"),
        (b"\x80\x02ctorch\nload\n.", "torch.load"),
        (b"\x80\x02ccollections\nnamedtuple\n.", "collections.namedtuple"),
    ] {
        let e = refusal(pickle);
        assert!(e.contains(name) && e.contains("nothing was executed"), "{e}");
    }
    let module = refusal(b"\x80\x02ctorch.nn.modules.container\nSequential\n)\x81.");
    assert!(module.contains("torch.nn") && module.contains("state_dict()"), "{module}");
}

/// What would have been called stays a name, with the state that it would have been given.
#[test]
fn objects_are_names_and_states() {
    let bytes = b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R}X\x01\0\0\0nK\x03sb.";
    assert!(load(bytes).is_err());
    let (p, _) = load_objects(bytes).unwrap();
    assert_eq!(p.object(p.root).map(|(class, _)| class), Some("posix.system"));
    assert_eq!(p.entry(p.root, "n").and_then(|id| p.number(id)), Some(3.0));
    assert_eq!(p.entry(p.root, "m"), None);
}

#[test]
fn lies_about_lengths_allocate_nothing() {
    assert!(refusal(b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc.").contains("ends in the middle"));
    assert!(refusal(b"\x80\x02B\xff\xff\xff\xffabc.").contains("ends in the middle"));
    assert!(refusal(b"\x80\x02X\x05\0\0\0abc").contains("ends in the middle"));
    assert!(refusal(b"\x80\x02K\x01").contains("ends in the middle"));
    assert!(refusal(b"\x80\x07.").contains("protocol 7"));
    assert!(refusal(b"\x80\x02h\x09.").contains("nothing was stored under 9"));
    assert!(refusal(b"\x80\x02u.").contains("mark is missing"));
}

/// A list that holds itself, and thirty lists of which each holds the one before twice: both end.
#[test]
fn cycles_and_repeated_values_end() {
    let (p, _) = load(b"\x80\x02]q\x00h\x00a.").unwrap();
    assert!(p.leaves().unwrap_err().contains("nested deeper"));
    let mut laughs = b"\x80\x02]q\x00".to_vec();
    for i in 0u8..30 {
        laughs.extend_from_slice(&[b']', b'q', i + 1, b'(', b'h', i, b'h', i, b'e']);
    }
    laughs.push(b'.');
    let (p, _) = load(&laughs).unwrap();
    assert!(p.leaves().unwrap_err().contains("over and over"));
}

/// One megabyte that a thousand calls would copy is refused after the second.
#[test]
fn calls_cannot_multiply_data() {
    let text = vec![b'a'; 1 << 20];
    let mut p = b"\x80\x02X\0\0\x10\0".to_vec();
    p.extend_from_slice(&text);
    p.extend_from_slice(b"q\0c_codecs\nencode\nq\x010");
    for _ in 0..1000 {
        p.extend_from_slice(b"h\x01h\0\x85R");
    }
    p.push(b'.');
    assert!(refusal(&p).contains("more data than it holds"));
}

/// The same of a name that a thousand classes would be called by.
#[test]
fn names_of_classes_cannot_multiply_data() {
    let mut p = b"\x80\x04X\x2c\x01\0\0".to_vec();
    p.extend_from_slice(&[b'a'; 300]);
    p.extend_from_slice(b"q\0\x8c\x01bq\x01");
    let named = |times: usize| [&p[..], &b"h\0h\x01\x93".repeat(times), b"."].concat();
    assert!(load_objects(&named(4)).is_ok());
    assert!(load_objects(&named(1000)).unwrap_err().contains("more data than it holds"));
}

/// `{"mean": np.array([[1, 2, 3], [4, 5, 6]], order=…)}` in the words of NumPy's own pickles.
#[test]
fn arrays_in_both_orders_and_byte_orders() {
    let array = |order: &[u8], fortran: u8, values: &[[u8; 4]]| {
        let mut p = b"\x80\x02}X\x04\0\0\0meancnumpy._core.multiarray\n_reconstruct\n".to_vec();
        p.extend_from_slice(
            b"cnumpy\nndarray\nK\0\x85C\x01b\x87R(K\x01K\x02K\x03\x86cnumpy\ndtype\nX\x02\0\0\0f4\x89\x88\x87R",
        );
        p.extend_from_slice(b"(K\x03X\x01\0\0\0");
        p.extend_from_slice(order);
        p.extend_from_slice(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb");
        p.push(fortran);
        p.extend_from_slice(b"C\x18");
        p.extend(values.iter().flatten());
        p.extend_from_slice(b"tbs.");
        let (pickle, _) = load(&p).unwrap();
        match pickle.get(pickle.root, "mean") {
            Some(Value::Array(a)) => a.clone(),
            other => panic!("{other:?}"),
        }
    };
    let want = Array { shape: vec![2, 3], values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0] };
    let little = [1f32, 2.0, 3.0, 4.0, 5.0, 6.0].map(f32::to_le_bytes);
    let big = [1f32, 2.0, 3.0, 4.0, 5.0, 6.0].map(f32::to_be_bytes);
    let columns = [1f32, 4.0, 2.0, 5.0, 3.0, 6.0].map(f32::to_le_bytes);
    assert_eq!(array(b"<", 0x89, &little), want);
    assert_eq!(array(b">", 0x89, &big), want);
    assert_eq!(array(b"<", 0x88, &columns), want);
}

/// What jax and `ml_dtypes` make of `{"a": jnp.array([1.5, -2]), "b": np.array([1.5, -2], bfloat16)}`.
#[test]
fn arrays_of_jax_and_of_bfloat16_are_read() {
    let bytes = b"\x80\x04\x95\x29\x01\0\0\0\0\0\0}\x94(\x8c\x01a\x94\x8c\x0ejax._src.array\x94\x8c\x12_reconstruct_array\x94\x93\x94(\
        \x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\0\x85\x94C\x01b\x94\
        \x87\x94(K\x01K\x02\x85\x94h\x08\x8c\x05dtype\x94\x93\x94\x8c\x02f4\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01<\x94NNNJ\xff\xff\xff\xff\
        J\xff\xff\xff\xffK\0t\x94b\x89C\x08\0\0\xc0?\0\0\0\xc0\x94t\x94}\x94\x8c\x09weak_type\x94\x89st\x94R\x94\x8c\x01b\x94h\x07h\x0aK\0\
        \x85\x94h\x0c\x87\x94R\x94(K\x01K\x02\x85\x94h\x10\x8c\x09ml_dtypes\x94\x8c\x08bfloat16\x94\x93\x94\x89\x88\x87\x94R\x94(K\x03h\x14NNNK\x02\
        K\x02K\x40t\x94b\x89C\x04\xc0?\0\xc0\x94t\x94bu.";
    let (p, _) = load(bytes).unwrap();
    for key in ["a", "b"] {
        let want = Array { shape: vec![2], values: vec![1.5, -2.0] };
        assert_eq!(p.get(p.root, key), Some(&Value::Array(want)), "{key}");
    }
    // Only what makes a NumPy array may be called so.
    let call = b"\x80\x02cjax._src.array\n_reconstruct_array\n(c_codecs\nencode\n)))tR.";
    assert!(load(call).unwrap_err().contains("JaxArray is called"));
}

proptest! {
    /// Whatever the bytes, the answer is a value or a sentence; half of them begin like real pickles.
    #[test]
    fn arbitrary_bytes_never_panic(start in 0usize..3, bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let starts: [&[u8]; 3] = [b"", b"\x80\x02}(X\x01\0\0\0a", b"\x80\x04(ccollections\nOrderedDict\n)R"];
        let all = [starts[start], &bytes].concat();
        for (p, _) in [load(&all), load_objects(&all)].into_iter().flatten() {
            let _ = p.leaves();
        }
    }

    /// Random programs of valid operations reach deeper than random bytes.
    #[test]
    fn arbitrary_programs_never_panic(ops in proptest::collection::vec(0usize..26, 0..60)) {
        const OPS: [&[u8]; 26] = [
            b"(", b"0", b"1", b"2", b"N", b"K\x02", b"]", b"l", b")", b"t", b"\x85", b"\x86", b"\x87", b"}", b"d", b"a", b"e", b"s",
            b"u", b"\x94", b"h\x00", b"R", b"b", b"cnumpy\ndtype\n", b"ctorch._utils\n_rebuild_tensor_v2\n", b"Q",
        ];
        let mut all: Vec<u8> = ops.iter().flat_map(|&i| OPS[i].iter().copied()).collect();
        all.push(b'.');
        for (p, _) in [load(&all), load_objects(&all)].into_iter().flatten() {
            let _ = p.leaves();
        }
    }
}
