//! The commands. Each is one line of Python that writes a file in D4RL's layout beside the original.

use std::path::Path;

/// A TFDS folder of RLDS episodes: the action of an episode's last step leads nowhere.
pub(super) fn rlds(path: &Path) -> String {
    let code = "import sys,h5py,numpy as np,tensorflow_datasets as T;\
        g=lambda x:np.concatenate([g(x[k]) for k in sorted(x)]) if isinstance(x,dict) else np.ravel(x).astype('f4') \
        if np.asarray(x).dtype.kind in 'fiub' and np.ndim(x)<2 else np.zeros(0,'f4');\
        E=[list(e['steps'].as_numpy_iterator()) for e in T.builder_from_directory(sys.argv[1]).as_dataset('train')];\
        P=[p for e in E for p in zip(e,e[1:])];f=h5py.File(sys.argv[2],'x');\
        f['observations']=[g(s['observation']) for s,_ in P];f['next_observations']=[g(n['observation']) for _,n in P];\
        f['actions']=[g(s['action']) for s,_ in P];f['rewards']=[s.get('reward',0) for s,_ in P];\
        f['terminals']=[bool(n['is_terminal']) for _,n in P];\
        f['timeouts']=[bool(n['is_last'] and not n['is_terminal']) for _,n in P]";
    converted("a TensorFlow dataset (RLDS, TFRecord)", "", "tensorflow_datasets and h5py", code, path)
}

/// TD-MPC2: `[episodes, T+1, ...]`; the first action and reward of an episode are no numbers.
pub(super) fn tensordict(path: &Path) -> String {
    let code = "import sys,torch,h5py,numpy as np;d=torch.load(sys.argv[1],weights_only=False);\
        o,a,r=(d[k].float().numpy() for k in ('obs','action','reward'));n=len(r);t=r.shape[1]-1;\
        f=h5py.File(sys.argv[2],'x');f['observations']=o[:,:-1].reshape(n*t,-1);\
        f['next_observations']=o[:,1:].reshape(n*t,-1);f['actions']=a[:,1:].reshape(n*t,-1);\
        f['rewards']=r[:,1:].reshape(-1);e=d['terminated'].numpy()[:,1:].reshape(-1)>0 if 'terminated' in d.keys() \
        else np.zeros(n*t,bool);f['terminals']=e;f['timeouts']=(np.arange(n*t)%t==t-1)&~e";
    converted("a pickled TensorDict (TD-MPC2's layout)", TRUST, "torch, tensordict and h5py", code, path)
}

/// `TorchRL`'s memory-mapped folders: flat, the next step below `next`.
pub(super) fn memmap(path: &Path) -> String {
    let code = "import sys,h5py;from tensordict import TensorDict;d=TensorDict.load_memmap(sys.argv[1]);\
        f=h5py.File(sys.argv[2],'x');w=lambda k,v:f.__setitem__(k,v.reshape(v.shape[0],-1).float().numpy());\
        w('observations',d['observation']);w('next_observations',d['next','observation']);w('actions',d['action']);\
        w('rewards',d['next','reward']);w('terminals',d['next','terminated']);w('timeouts',d['next','truncated'])";
    converted("a memory-mapped TensorDict (TorchRL)", "", "tensordict and h5py", code, path)
}

/// Any other PyTorch file: a dictionary of tensors under D4RL's names.
pub(super) fn torch(path: &Path) -> String {
    let code = "import sys,torch,h5py;d=torch.load(sys.argv[1],weights_only=True);f=h5py.File(sys.argv[2],'x');\
        [f.create_dataset(k,data=v.numpy()) for k,v in d.items()]";
    let what = "a PyTorch file (weights of a model are opened as a model, not as a dataset)";
    let how = "if it is a dictionary of tensors called observations, actions, rewards, terminals and timeouts";
    converted(what, how, "torch and h5py", code, path)
}

/// Pickles of Decision Transformer and many others: one dictionary of arrays, or a list of one an episode.
pub(super) fn pickle(path: &Path) -> String {
    let code = "import sys,pickle,h5py,numpy as np;p=pickle.load(open(sys.argv[1],'rb'));\
        p=p if isinstance(p,list) else [p];f=h5py.File(sys.argv[2],'x');c=np.concatenate;\
        [f.create_dataset(k,data=c([np.asarray(e[k]) for e in p])) for k in \
        ('observations','next_observations','actions','rewards','terminals','timeouts') if k in p[0]];\
        'timeouts' in f or f.create_dataset('timeouts',data=c([np.arange(len(e['rewards']))==len(e['rewards'])-1 \
        for e in p])&~c([np.ravel(e['terminals'])>0 for e in p]))";
    let how = "if it is a dictionary of observations, actions, rewards and terminals or a list of one an episode, and";
    converted("a Python pickle", &format!("{how} {TRUST}"), "h5py", code, path)
}

/// Zarr as Diffusion Policy and UMI write it: flat arrays, ends of episodes in `meta/episode_ends`.
pub(super) fn zarr(path: &Path) -> String {
    let code = "import sys,zarr,h5py,numpy as np;z=zarr.open(sys.argv[1],mode='r');e=z['meta/episode_ends'][:];\
        n=int(e[-1]);f=h5py.File(sys.argv[2],'x');f['observations']=z['data/state'][:n];\
        f['actions']=z['data/action'][:n];f['rewards']=np.zeros(n);f['terminals']=np.zeros(n,bool);\
        f['timeouts']=np.isin(np.arange(n),e-1)";
    let how = "if it has data/state, data/action and meta/episode_ends (Diffusion Policy's layout)";
    converted("a Zarr store", how, "zarr and h5py", code, path)
}

/// `RLlib`'s lines of JSON: columns may be packed (LZ4 and pickle), which only `RLlib` itself opens.
pub(super) fn rllib(path: &Path) -> String {
    let code = "import sys,h5py,numpy as np;from ray.rllib.offline.json_reader import JsonReader as R;\
        r=R(sys.argv[1]);B=list(r.read_all_files());c=np.concatenate;\
        g=lambda *k:c([np.asarray(b[next(n for n in k if n in b)]) for b in B]);f=h5py.File(sys.argv[2],'x');\
        o=g('obs');f['observations']=o.reshape(len(o),-1);f['actions']=g('actions');f['rewards']=g('rewards');\
        t=g('terminateds','dones')>0;f['terminals']=t;\
        e=c([np.r_[np.diff(b['eps_id'])!=0,True] if 'eps_id' in b else np.r_[np.zeros(len(b)-1,bool),True] for b in B]);\
        f['timeouts']=e&~t";
    let how = format!("if it holds one agent's steps, and {TRUST}");
    converted("lines of JSON of RLlib (SampleBatch)", &how, "ray[rllib] and h5py", code, path)
}

/// CALVIN: a file a frame, and the ranges of what was recorded without a break in one more.
pub(super) fn calvin(path: &Path) -> String {
    let code = "import sys,os,h5py,numpy as np;p=sys.argv[1];E=np.load(os.path.join(p,'ep_start_end_ids.npy'));\
        I=[i for a,b in E for i in range(a,b+1)];F=[np.load(os.path.join(p,f'episode_{i:07d}.npz')) for i in I];\
        f=h5py.File(sys.argv[2],'x');f['observations']=[d['robot_obs'] for d in F];\
        f['actions']=[d['rel_actions'] for d in F];f['rewards']=np.zeros(len(I));f['terminals']=np.zeros(len(I),bool);\
        f['timeouts']=np.isin(I,[b for a,b in E])";
    converted("CALVIN's frames, one .npz each", "if ep_start_end_ids.npy lies beside them", "h5py", code, path)
}

/// `AgiBot` World's `proprio_stats.h5`: one recording, with a group for each part of the robot.
pub(super) fn agibot(path: &Path) -> String {
    let code = "import sys,h5py,numpy as np;g=h5py.File(sys.argv[1]);f=h5py.File(sys.argv[2],'x');\
        P=['joint/position','effector/position','head/position','waist/position','robot/velocity'];\
        n=len(g['state/joint/position']);\
        w=lambda s:np.concatenate([g[s+'/'+k][()].reshape(n,-1) for k in P if s+'/'+k in g and len(g[s+'/'+k])==n],1);\
        f['observations']=w('state');f['actions']=w('action');f['rewards']=np.zeros(n);\
        f['terminals']=np.zeros(n,bool);f['timeouts']=np.arange(n)==n-1";
    let how = "one recording at a time; parts that have no action in every row are left out";
    converted("AgiBot World's proprio_stats.h5", how, "h5py", code, path)
}

/// Recordings of robots: topics, not steps; which of them are observation and action only the user knows.
pub(super) fn rosbag(path: &Path, what: &str) -> String {
    let code = "import sys,pathlib,pandas as pd;from rosbags.highlevel import AnyReader;\
        from rosbags.dataframe import get_dataframe as g;r=AnyReader([pathlib.Path(sys.argv[1])]);r.open();\
        d=pd.merge_asof(g(r,'/cmd',['data']).add_prefix('action_'),g(r,'/state',['data']).add_prefix('obs_'),\
        left_index=True,right_index=True).dropna();d.insert(0,'episode',0);d.to_csv(sys.argv[2],index=False,mode='x')";
    let how = "with your topics and fields in the place of /cmd, /state and data";
    line(what, how, "rosbags-dataframe", code, path, "csv")
}

/// Loading a pickle can run what is in it.
const TRUST: &str = "only if you trust the file, for loading it can run code";

fn converted(what: &str, condition: &str, packages: &str, code: &str, path: &Path) -> String {
    line(what, condition, packages, code, path, "hdf5")
}

fn line(what: &str, condition: &str, packages: &str, code: &str, path: &Path, ending: &str) -> String {
    let condition = if condition.is_empty() { String::new() } else { format!(" {condition}") };
    // Beside the original, and never over another file: the code creates it.
    let out = if path.is_dir() { format!("{}.{ending}", path.display()) } else { shown(&path.with_extension(ending)) };
    format!(
        "{what}, which oodscope does not read; convert it{condition} (with {packages}): python -c \"{code}\" {} {}",
        quoted(&shown(path)),
        quoted(&out)
    )
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A path as one word for the shell, be there spaces or quotes in it. One that would not fit the message is left to
/// the user to write.
fn quoted(path: &str) -> String {
    const MAX_CHARS: usize = 300;
    if path.chars().count() > MAX_CHARS {
        return "PATH".into();
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%".contains(c);
    if !path.is_empty() && !path.starts_with('-') && path.chars().all(plain) {
        return path.to_owned();
    }
    let path = if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
    format!("'{}'", path.replace('\'', "'\\''"))
}
