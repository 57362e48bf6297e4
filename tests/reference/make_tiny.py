"""Makes `data/minari/tiny` and `oracles/data-tiny.*`, with h5py, numpy and scipy alone.

usage: python make_tiny.py MINARI/pendulum OUT

MINARI/pendulum is the folder of the full reference data with expert-v0 and random-v0; OUT is the folder of this file.
The numbers have the definitions of the full reference files (their "definitions" and "conventions").
"""
import json, os, sys

import h5py
import numpy as np
import scipy
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist, pdist
from scipy.special import digamma, gammaln
from scipy.stats import wasserstein_distance, energy_distance
src, out = sys.argv[1] + '/', sys.argv[2]
def cut(name, dst, episodes, steps):
    d=f'{out}/data/minari/{dst}/data'; os.makedirs(d, exist_ok=True)
    f=h5py.File(src+name+'/data/main_data.hdf5'); O=[]
    g=h5py.File(d+'/main_data.hdf5','w',libver='latest')
    S=[];R=[];A=[]
    for i,e in enumerate(episodes):
        s=f[f'episode_{e}']; q=g.create_group(f'episode_{i}')
        o=s['observations'][:steps+1]; a=s['actions'][:steps]; r=s['rewards'][:steps]
        q['observations']=o; q['actions']=a; q['rewards']=r
        q['terminations']=np.zeros(steps,bool); t=np.zeros(steps,bool); t[-1]=True; q['truncations']=t
        q.attrs['id']=i; q.attrs['total_steps']=steps
        S.append(o[:-1]);R.append(r);A.append(a)
    g.attrs['total_episodes']=len(episodes); g.attrs['total_steps']=steps*len(episodes); g.close()
    m=json.load(open(src+name+'/data/metadata.json'))
    keep={k:m[k] for k in ('data_format','observation_space','action_space') if k in m}
    keep.update(total_episodes=len(episodes),total_steps=steps*len(episodes),dataset_id=dst)
    json.dump(keep,open(d+'/metadata.json','w'))
    return [np.concatenate(S).astype(float),np.concatenate(A).astype(float),R]
D={'tiny/expert-v0':cut('expert-v0','tiny/expert-v0',range(6),40),'tiny/random-v0':cut('random-v0','tiny/random-v0',range(4),40)}
pick=lambda x,m: x if len(x)<=m else x[np.round(np.linspace(0,len(x)-1,m)).astype(int)]
ref=D['tiny/expert-v0'][0]; mu,sd=ref.mean(0),ref.std(0)
zr=(ref-mu)/sd
ks=[1,5,10,50]
j={'reference':'tiny/expert-v0','indist':'tiny/expert-v0','versions':{'numpy':np.__version__,'scipy':scipy.__version__},
 'conventions':'Definitions as in the full reference files; made with numpy and scipy alone from the first 40 steps of a few Pendulum episodes.',
 'standardise':{'mean':mu.tolist(),'std':sd.tolist()},'datasets':{},'compare':{}}
arr={}
for id,(S,A,R) in D.items():
    z=(S-mu)/sd; G=np.array([r.sum() for r in R])
    d={'stats':{'episodes':len(R),'transitions':len(S),'return_mean':G.mean(),'return_std_pop':G.std(),'return_min':G.min(),'return_max':G.max(),'return_median':float(np.median(G)),'terminated_episodes':0,'truncated_episodes':len(R)}}
    for k,v in (('dim',S),('actions',A)): d[k]={n:getattr(v,n)(0).tolist() for n in ('mean','std','min','max')}
    d['kl_entropy']={}
    for k in (1,5):
        e=cKDTree(z).query(z,k+1)[0][:,k]; n,dd=z.shape
        d['kl_entropy'][str(k)]={'nats':float(digamma(n)-digamma(k)+dd/2*np.log(np.pi)-gammaln(dd/2+1)+dd*np.mean(np.log(np.maximum(e,1e-10)))),'zero_distances':int((e<=0).sum())}
    H=np.histogram2d(S[:,0],S[:,2],bins=20,range=[[-1,1],[-8,8]])[0]
    d['coverage']=[{'dims':[0,2],'lo':[-1,-8],'hi':[1,8],'bins':20,'occupied':int((H>0).sum()),'cells':400,'fraction':float((H>0).mean()),'inside':int(H.sum())}]
    w=(S-S.mean(0))/S.std(0); ev,V=np.linalg.eigh(np.cov(w.T)); o=np.argsort(-ev); ev,V=ev[o],V[:,o].T
    V=V*np.sign(V[np.arange(3),np.abs(V).argmax(1)])[:,None]
    d['pca']={'explained_variance':ev.tolist(),'explained_variance_ratio':(ev/ev.sum()).tolist(),'components':V.tolist()}
    j['datasets'][id]={k:json.loads(json.dumps(v,default=float)) for k,v in d.items()}
di=cKDTree(zr).query(zr,50)[0][:,[0,4,9,49]]
th={q:float(np.quantile(di[:,1],q)) for q in (.95,.99)}; j['ood_thresholds_k5']={str(q):v for q,v in th.items()}
id='tiny/random-v0'; y=(D[id][0]-mu)/sd; x=zr
d=cKDTree(zr).query(y,50)[0][:,[0,4,9,49]]
key=id.replace('/','_'); arr['knn_'+key]=d; arr['query_'+key]=D[id][0]
s=float(np.median(pdist(np.r_[x,y]))); k=lambda a,b:np.exp(-cdist(a,b)**2/(2*s*s)); n,m=len(x),len(y)
xx,yy,xy=cdist(x,x),cdist(y,y),cdist(x,y)
rx=np.sort(xx,1)[:,5]; ry=np.sort(yy,1)[:,5]
j['compare'][id]={'knn_array':'knn_'+key,'query_array':'query_'+key,'knn_columns':ks,'knn_mean':d.mean(0).tolist(),
 'ood_ratio':{str(p):float((d[:,1]>v).mean()) for p,v in th.items()},
 'mmd':{'sigma':s,'biased_mmd2':float(k(x,x).mean()+k(y,y).mean()-2*k(x,y).mean()),'unbiased_mmd2':float((k(x,x).sum()-n)/(n*(n-1))+(k(y,y).sum()-m)/(m*(m-1))-2*k(x,y).mean())},
 'energy':float(2*xy.mean()-xx.mean()-yy.mean()),
 'wasserstein1':[float(wasserstein_distance(x[:,c],y[:,c])) for c in range(3)],'energy_1d':[float(energy_distance(x[:,c],y[:,c])) for c in range(3)],
 'prdc':{'precision':float((xy<rx[:,None]).any(0).mean()),'recall':float((xy<ry[None]).any(1).mean()),'density':float((xy<rx[:,None]).sum(0).mean()/5),'coverage':float((xy.min(1)<rx).mean())}}
os.makedirs(out+'/oracles',exist_ok=True)
np.savez_compressed(out+'/oracles/data-tiny.npz',**arr); json.dump(j,open(out+'/oracles/data-tiny.json','w'),indent=1)
